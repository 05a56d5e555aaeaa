import type { SearchPeer } from './peer.ts';

/** As much of SQLite's interface as is used here; it is loaded from its own files. */
interface Database {
  exec(options: { sql: string; bind?: unknown[]; rowMode?: string; returnValue?: string } | string): unknown[];
  prepare(sql: string): { bind(values: unknown[]): { stepReset(): void } };
}
interface Sqlite {
  readonly version: { readonly libVersion: string };
  readonly oo1: { readonly DB: new (name: string) => Database };
  readonly wasm: { heap8u(): Uint8Array };
}

const BATCH = 4096;

/** FTS5 without the texts, as our own index is: newest first by row number. */
export async function createFts5(): Promise<SearchPeer> {
  const address = '/sqlite3.mjs';
  const module = (await import(/* @vite-ignore */ address)) as { default: () => Promise<Sqlite> };
  const sqlite = await module.default();
  const db = new sqlite.oo1.DB(':memory:');
  db.exec(`CREATE VIRTUAL TABLE texts USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')`);
  const insert = db.prepare('INSERT INTO texts(rowid, text) VALUES (?, ?)');
  return {
    add(texts, first) {
      for (let from = 0; from < texts.length; from += BATCH) {
        db.exec('BEGIN');
        texts.slice(from, from + BATCH).forEach((text, n) => insert.bind([first + from + n, text]).stepReset());
        db.exec('COMMIT');
      }
    },
    finish: () => undefined,
    search: (text) =>
      db.exec({
        sql: 'SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT 50',
        bind: [text.replace(/(\w{3,})$/u, '$1*').replace(/ \*$/u, '')],
        rowMode: 'array',
        returnValue: 'resultRows',
      }).length,
    otherMemory: () => sqlite.wasm.heap8u().byteLength,
    facts: () => `SQLite ${sqlite.version.libVersion}, in memory, unsealed, without texts`,
  };
}
