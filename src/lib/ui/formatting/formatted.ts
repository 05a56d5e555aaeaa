import { lexer, type Token, type Tokens } from 'marked';
import { mentionsIn } from '../../domain/mentions.ts';

/** A formatted text: a closed list of what may be drawn. Whatever else stands in a text is drawn as it was written. */
export type Block =
  | { readonly kind: 'paragraph'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'heading'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  /** `start` only where the items are numbered. */
  | { readonly kind: 'list'; readonly start?: number; readonly items: readonly ListItem[] }
  | { readonly kind: 'table'; readonly header: Row; readonly rows: readonly Row[] }
  | { readonly kind: 'rule' };

export interface ListItem {
  readonly isDone?: boolean;
  readonly blocks: readonly Block[];
}

type Row = readonly (readonly Inline[])[];

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'em'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'del'; readonly inlines: readonly Inline[] }
  /** `host` where the words alone don't say where it leads. */
  | { readonly kind: 'link'; readonly href: string; readonly text: string; readonly host?: string }
  | { readonly kind: 'mention'; readonly name: string };

/** Longer texts are shown as they are: reading them for marks would hold up the page. UTF-16 units. */
const MOST_FORMATTED = 8_000;
/** Quotes and lists inside one another, and marks inside marks. */
const DEEPEST = 8;

/**
 * Reads a text as Markdown (CommonMark with GitHub's tables, tasks and strike-through; a line break is one).
 * Nothing is loaded for it and no HTML is made: pictures become links and tags stay text.
 * @param names of people who can be mentioned
 * @returns `undefined` where the text is to be shown as it is: too long, or nested beyond reason
 */
export function formattedFrom(text: string, names: readonly string[]): readonly Block[] | undefined {
  if (text.length > MOST_FORMATTED || isNestedTooDeep(text)) return undefined;
  return blocksFrom(lexer(text, { gfm: true, breaks: true }), names, 0);
}

/** Whether some line begins with more marks of quotes and lists than anybody writes: the parser recurses on each. */
function isNestedTooDeep(text: string): boolean {
  return text.split('\n').some((line) => {
    let depth = 0;
    for (let rest = line.trimStart(); depth <= DEEPEST; depth++) {
      const mark = LINE_MARK.exec(rest);
      if (mark === null) return false;
      rest = rest.slice(mark[0].length).trimStart();
    }
    return true;
  });
}

const LINE_MARK = /^(?:>|[-*+](?=\s)|\d{1,9}[.)](?=\s))/u;

function blocksFrom(tokens: readonly Token[], names: readonly string[], depth: number): Block[] {
  if (depth > DEEPEST) return [plain(tokens.map(({ raw }) => raw).join(''))];
  return tokens.flatMap((token) => blockFrom(token as Tokens.Generic, names, depth));
}

function blockFrom(token: Tokens.Generic, names: readonly string[], depth: number): Block[] {
  const inlines = (tokens: readonly Token[] | undefined) => inlinesFrom(tokens ?? [], names, 0);
  switch (token.type) {
    case 'space':
    case 'checkbox':
      return [];
    case 'paragraph':
    case 'text':
      return [{ kind: 'paragraph', inlines: inlines(token.tokens ?? [token]) }];
    case 'heading':
      return [{ kind: 'heading', inlines: inlines(token.tokens) }];
    case 'code':
      return [{ kind: 'code', language: languageOf(token as Tokens.Code), text: (token as Tokens.Code).text }];
    case 'blockquote':
      return [{ kind: 'quote', blocks: blocksFrom(token.tokens ?? [], names, depth + 1) }];
    case 'hr':
      return [{ kind: 'rule' }];
    case 'list': {
      const { ordered, start, items } = token as Tokens.List;
      const from = (item: Tokens.ListItem): ListItem => ({
        ...(item.task ? { isDone: item.checked === true } : {}),
        blocks: blocksFrom(item.tokens, names, depth + 1),
      });
      return [{ kind: 'list', ...(ordered ? { start: Number(start) || 0 } : {}), items: items.map(from) }];
    }
    case 'table': {
      const { header, rows } = token as Tokens.Table;
      const row = (cells: readonly Tokens.TableCell[]): Row => cells.map((cell) => inlines(cell.tokens));
      return [{ kind: 'table', header: row(header), rows: rows.map(row) }];
    }
    default:
      return [plain(token.raw.trim())];
  }
}

const plain = (text: string): Block => ({ kind: 'paragraph', inlines: [{ kind: 'text', text }] });

const languageOf = ({ lang }: Tokens.Code): string => (lang ?? '').split(/\s/u)[0]?.toLowerCase() ?? '';

function inlinesFrom(tokens: readonly Token[], names: readonly string[], depth: number): Inline[] {
  if (depth > DEEPEST) return [{ kind: 'text', text: tokens.map(({ raw }) => raw).join('') }];
  return tokens.flatMap((token) => inlineFrom(token as Tokens.Generic, names, depth));
}

function inlineFrom(token: Tokens.Generic, names: readonly string[], depth: number): Inline[] {
  switch (token.type) {
    case 'strong':
    case 'em':
    case 'del':
      return [{ kind: token.type, inlines: inlinesFrom(token.tokens ?? [], names, depth + 1) }];
    case 'codespan':
      return [{ kind: 'code', text: (token as Tokens.Codespan).text }];
    case 'br':
      return [{ kind: 'break' }];
    case 'link':
    case 'image':
      return [linkFrom(token as Tokens.Link | Tokens.Image)];
    case 'text':
      if (token.tokens !== undefined) return inlinesFrom(token.tokens, names, depth + 1);
      return textFrom((token as Tokens.Text).text, names);
    case 'escape':
      return [{ kind: 'text', text: (token as Tokens.Escape).text }];
    default:
      return [{ kind: 'text', text: token.raw }];
  }
}

function textFrom(text: string, names: readonly string[]): Inline[] {
  const inlines: Inline[] = [];
  let at = 0;
  for (const { from, to, name } of mentionsIn(text, names)) {
    if (from > at) inlines.push({ kind: 'text', text: text.slice(at, from) });
    inlines.push({ kind: 'mention', name });
    at = to;
  }
  if (at < text.length) inlines.push({ kind: 'text', text: text.slice(at) });
  return inlines;
}

const SAFE: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** A link that says where it leads; one that leads nowhere safe is shown as it was written. */
function linkFrom({ href, text, raw }: Tokens.Link | Tokens.Image): Inline {
  const url = URL.parse(href);
  if (url === null || !SAFE.has(url.protocol)) return { kind: 'text', text: raw };
  const words = withoutBidiControls(text).trim();
  const isPlain = words === href || `http://${words}` === href || `mailto:${words}` === href;
  if (isPlain) return { kind: 'link', href: url.href, text: words };
  // Words that look like another address are not shown in place of the true one.
  if (words === '' || looksLikeAddress(words)) return { kind: 'link', href: url.href, text: url.href };
  return { kind: 'link', href: url.href, text: words, host: url.host || url.pathname };
}

const looksLikeAddress = (words: string): boolean =>
  /^\s*(?:\w+:|\/\/|www\.)|^[^\s@]+\.[a-z]{2,}(?:[/?#:]|$)/iu.test(words);

/** Characters that turn the direction of what follows can make an address read as another one. */
const withoutBidiControls = (text: string): string => text.replace(/\p{Bidi_Control}/gu, '');
