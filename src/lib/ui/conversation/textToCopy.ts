import type { MessageItem } from '../../services/client.ts';

/**
 * What goes to the clipboard: the text of one message as it is, that of several with who wrote each, in the order
 * of the conversation. Messages without a text are left out.
 * @param self what oneself is called there
 */
export function textToCopy(messages: readonly MessageItem[], self: string): string {
  const said = messages.filter(({ text }) => text !== '').sort((a, b) => (a.sortKey < b.sortKey ? -1 : 1));
  if (said.length === 1) return said[0]?.text ?? '';
  return said.map(({ isOutgoing, senderName, text }) => `${isOutgoing ? self : senderName}: ${text}`).join('\n');
}
