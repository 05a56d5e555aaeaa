import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import css from 'highlight.js/lib/languages/css';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const languages = { bash, c, css, go, java, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(['js', 'jsx', 'javascript', 'mjs'], { languageName: 'typescript' });

/** A piece of code and what it is: `keyword`, `string`, `comment` …, or nothing of the sort. */
export interface CodePart {
  readonly text: string;
  readonly role?: string;
}

/** Code in pieces, in order and unchanged; one piece where the language is not known here. */
export function highlighted(code: string, language: string): readonly CodePart[] {
  if (hljs.getLanguage(language) === undefined) return [{ text: code }];
  return partsFrom(hljs.highlight(code, { language, ignoreIllegals: true }).value);
}

/** The library writes HTML of nested `span`s and five entities; it is read back, never drawn. */
function partsFrom(html: string): CodePart[] {
  const parts: CodePart[] = [];
  const roles: string[] = [];
  for (const piece of html.split(/(<span class="[^"]*">|<\/span>)/u)) {
    const opened = /^<span class="(?:hljs-)?([\w-]*)/u.exec(piece);
    const role = roles.at(-1);
    if (opened !== null) roles.push(opened[1] ?? '');
    else if (piece === '</span>') roles.pop();
    else if (piece !== '') parts.push({ text: unescaped(piece), ...(role === undefined ? {} : { role }) });
  }
  return parts;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'" };

const unescaped = (text: string): string =>
  text.replace(/&(#?\w+);/gu, (entity, name: string) => entities[name] ?? entity);
