import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('results.md', import.meta.url);
const INTRO = `# Measured

Written by \`npm run bench\`, one section for each benchmark. Rates depend on the machine; read the ratios.
`;

/** Puts `text` between the markers of section `name` in results.md; other sections stay as they are. */
export function writeSection(name: string, text: string): void {
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : INTRO;
  const [start, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const section = `${start}\n\n${text.trim()}\n\n${end}`;
  const from = before.indexOf(start);
  const to = before.indexOf(end);
  const after =
    from < 0 || to < from
      ? `${before.trimEnd()}\n\n${section}\n`
      : before.slice(0, from) + section + before.slice(to + end.length);
  writeFileSync(FILE, after);
}
