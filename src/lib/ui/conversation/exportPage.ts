import type { FileMessage, FilePerson } from '../../domain/conversationFile.ts';

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

/** A page up to its first message: it needs nothing else, has no scripts, and loads nothing. */
export const pageStart = (title: string, words: ExportWords): string => `<!doctype html>
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
<p class="soft">${escaped(words.made)}</p>`;

/** @param self the account of whoever exports */
export const pageMessages = (messages: readonly FileMessage[], self: string, words: ExportWords): string =>
  messages.map((message) => `\n${articleOf(message, self, words)}`).join('');

export const PAGE_END = `
</body>
</html>
`;

function articleOf(message: FileMessage, self: string, words: ExportWords): string {
  const nameOf = ({ account, name }: FilePerson): string => (account === self ? words.self : name);
  const isOwn = message.from.account === self;
  const at = Date.parse(message.at);
  const marks = message.editedAt === undefined ? '' : ` · ${escaped(words.edited)}`;
  const answers = message.replyTo === undefined ? '' : ` <a href="#${escaped(message.replyTo)}">↩</a>`;
  const reactions = (message.reactions ?? []).map(
    ({ emoji, by }) => `${escaped(emoji)} ${escaped(by.map(nameOf).join(', '))}`,
  );
  const lines = [
    message.isDeleted === true
      ? `<p class="soft">${escaped(words.deleted)}</p>`
      : `<p class="text" dir="auto">${escaped(message.text)}</p>`,
    ...(message.attachments ?? []).map(({ name }) => `<p class="soft" dir="auto">📎 ${escaped(name)}</p>`),
    ...(reactions.length === 0 ? [] : [`<p class="soft">${reactions.join(' · ')}</p>`]),
  ];
  return `<article id="${escaped(message.id)}"${isOwn ? ' class="own"' : ''}>
<p class="soft"><b dir="auto">${escaped(nameOf(message.from))}</b> · <time datetime="${escaped(message.at)}">${escaped(words.time(at))}</time>${marks}${answers}</p>
${lines.join('\n')}
</article>`;
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/gu, (sign) => SIGNS[sign] ?? sign);

const STYLE =
  'body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:16px/1.45 system-ui,sans-serif;color:#27221b;background:#fbf8f3}' +
  'article{margin:.75rem 0;padding:.5rem .75rem;border-radius:12px;background:#fff}.own{background:#dde5cc}' +
  'p{margin:0}.text{white-space:pre-wrap;overflow-wrap:anywhere}.soft{color:#5f564a;font-size:.875rem}';
