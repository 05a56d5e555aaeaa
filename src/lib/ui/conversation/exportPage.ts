import type { ConversationExport, ExportedMessage } from '../../services/client.ts';

/** The words of an exported page, and how it writes times. */
export interface ExportWords {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly made: string;
  readonly self: string;
  readonly edited: string;
  readonly deleted: string;
  time(at: number): string;
}

/** A conversation as JSON text that another program can read. */
export const jsonOf = (exported: ConversationExport): string =>
  `${JSON.stringify({ format: 'cairn-conversation', version: 1, ...exported }, undefined, 2)}\n`;

/** A conversation as one HTML page that needs nothing else: no scripts, nothing loaded. */
export function pageOf({ title, messages }: ConversationExport, words: ExportWords): string {
  return `<!doctype html>
<html lang="${words.language}" dir="${words.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1 dir="auto">${escaped(title)}</h1>
<p class="soft">${escaped(words.made)}</p>
${messages.map((message) => articleOf(message, words)).join('\n')}
</body>
</html>
`;
}

function articleOf(message: ExportedMessage, words: ExportWords): string {
  const from = message.from === '' ? words.self : message.from;
  const marks = message.editedAt === undefined ? '' : ` · ${escaped(words.edited)}`;
  const body =
    message.isDeleted === true
      ? `<p class="soft">${escaped(words.deleted)}</p>`
      : `<p class="text" dir="auto">${escaped(message.text)}</p>`;
  const answers = message.answers === undefined ? '' : ` <a href="#${escaped(message.answers)}">↩</a>`;
  const reactions = (message.reactions ?? []).map(
    ({ emoji, names }) =>
      `${escaped(emoji)} ${escaped(names.map((name) => (name === '' ? words.self : name)).join(', '))}`,
  );
  return `<article id="${escaped(message.id)}"${message.from === '' ? ' class="own"' : ''}>
<p class="soft"><b dir="auto">${escaped(from)}</b> · <time datetime="${new Date(message.at).toISOString()}">${escaped(words.time(message.at))}</time>${marks}${answers}</p>
${body}${reactions.length === 0 ? '' : `\n<p class="soft">${reactions.join(' · ')}</p>`}
</article>`;
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/gu, (sign) => SIGNS[sign] ?? sign);

const STYLE =
  'body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:16px/1.45 system-ui,sans-serif;color:#27221b;background:#fbf8f3}' +
  'article{margin:.75rem 0;padding:.5rem .75rem;border-radius:12px;background:#fff}.own{background:#dde5cc}' +
  'p{margin:0}.text{white-space:pre-wrap;overflow-wrap:anywhere}.soft{color:#5f564a;font-size:.875rem}';
