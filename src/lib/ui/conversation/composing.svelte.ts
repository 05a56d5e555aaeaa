import type { MessageItem } from '../../services/client.ts';

/** What the next text is about: an answer to a message, or a new text for an own one. */
export interface Composing {
  readonly about: { readonly kind: 'reply' | 'edit'; readonly message: MessageItem } | undefined;
  reply(message: MessageItem): void;
  edit(message: MessageItem): void;
  stop(): void;
}

export function createComposing(): Composing {
  let about = $state.raw<Composing['about']>();
  return {
    get about() {
      return about;
    },
    reply: (message) => (about = { kind: 'reply', message }),
    edit: (message) => (about = { kind: 'edit', message }),
    stop: () => (about = undefined),
  };
}
