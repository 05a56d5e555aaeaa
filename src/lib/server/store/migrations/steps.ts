import { createHash } from 'node:crypto';
import type { Migration } from './migration.ts';

export type Engine = 'sqlite' | 'postgres';

/** Version to checksum, of the steps that a store has taken. */
export type Applied = ReadonlyMap<number, string>;

export const checksumOf = (statements: string): string => createHash('sha256').update(statements).digest('hex');

/**
 * The next step that a store has to take, or `undefined` when it is up to date.
 * @throws where it was written by a newer relay, or a released step was changed: neither can be helped by
 * going on.
 */
export function stepUp(applied: Applied, engine: Engine, migrations: readonly Migration[]): Migration | undefined {
  const newest = Math.max(0, ...applied.keys());
  if (newest > migrations.length)
    throw new Error(`the store is of version ${newest}, newer than this relay, which knows ${migrations.length}`);
  for (const step of migrations) {
    const before = applied.get(step.version);
    if (before === undefined) return step;
    if (before !== checksumOf(step[engine])) throw new Error(`migration ${step.version} was changed`);
  }
  return undefined;
}

/** The step that a store has to take back next to become of version `to`, or `undefined` when it is. */
export function stepDown(
  applied: Applied,
  engine: Engine,
  migrations: readonly Migration[],
  to: number,
): Migration | undefined {
  stepUp(applied, engine, migrations);
  const newest = Math.max(0, ...applied.keys());
  return newest > to ? migrations.find(({ version }) => version === newest) : undefined;
}
