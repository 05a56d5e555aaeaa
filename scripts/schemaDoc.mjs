import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schema, SCHEMA_VERSION } from '../src/lib/db/schema.ts';
import { root } from './setupRun.mjs';

/**
 * `npm run schema`: writes the client's tables into docs/schema.md, as they are declared. With `--check`
 * it only says whether the page is out of date.
 */
const BEGIN = '<!-- tables: npm run schema -->';
const END = '<!-- end of tables -->';

const file = join(root, 'docs', 'schema.md');
const page = readFileSync(file, 'utf8');
const begin = page.indexOf(BEGIN);
const end = page.indexOf(END);
if (begin < 0 || end < begin) throw new Error(`docs/schema.md lacks the lines ${BEGIN} and ${END}`);
const wanted = `${page.slice(0, begin + BEGIN.length)}\n\n${tables()}\n\n${page.slice(end)}`;

if (!process.argv.includes('--check')) writeFileSync(file, wanted);
else if (wanted !== page) {
  console.error('docs/schema.md says something else than src/lib/db/schema.ts: run `npm run schema`.');
  process.exit(1);
}

function tables() {
  const rows = Object.entries(schema).map(([name, declaration]) => {
    const columns = Object.entries(declaration.columns).map(
      ([column, { sealed, optional }]) => `${sealed ? '🔒' : ''}${column}${optional ? '?' : ''}`,
    );
    const indexes = declaration.indexes.map(
      ({ on, unique, multi }) => `${path(on)}${unique ? ' unique' : ''}${multi ? ' each' : ''}`,
    );
    const relations = declaration.relations.map(
      ({ column, to, onDelete }) => `${column} → ${to} (${onDelete === 'cascade' ? 'cascade' : 'set null'})`,
    );
    const rules = declaration.checks.map((check) => check.name);
    const cells = [
      `\`${name}\``,
      path(declaration.key),
      columns.join(', '),
      indexes.join(' · '),
      [...relations, ...rules].join('; '),
    ];
    return `| ${cells.map((cell) => cell || '–').join(' | ')} |`;
  });
  const head = ['| table | key | columns | indexes | relations; checks |', '|---|---|---|---|---|'];
  return [`Version ${SCHEMA_VERSION}.`, '', ...head, ...rows].join('\n');
}

/** @param {string | readonly string[]} keyPath */
function path(keyPath) {
  return typeof keyPath === 'string' ? keyPath : `[${keyPath.join('+')}]`;
}
