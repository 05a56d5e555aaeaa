import { describe, expect, it } from 'vitest';
import { expectUpgrade, rowsSince } from '../../../src/lib/db/backup/older.ts';
import { presentPlan, type Plan, type RestoredStep } from '../../../src/lib/db/migrations.ts';
import { SCHEMA_VERSION } from '../../../src/lib/db/schema.ts';
import { faultFrom, NOW } from '../fixtures.ts';
import { unlockedStore } from '../disks.ts';

const AFTER = SCHEMA_VERSION + 1;

/** A later version of the app, in which `steps` are taken one after the other. */
const later = (...steps: RestoredStep[]): Plan => ({
  ...presentPlan,
  migrations: [
    ...presentPlan.migrations,
    ...steps.map((restored, i) => ({ version: AFTER + i, description: '', checksum: '', restored })),
  ],
});

describe('rows of a backup that was made before', () => {
  const plan = later(
    {
      table: (name) => (name === 'options' ? 'settings' : name === 'gossip' ? undefined : name),
      row: (table, row) => (table === 'settings' ? { ...row, updatedAt: row['createdAt'] } : row),
    },
    { row: (table, row) => (table === 'settings' ? { ...row, value: [row['value']] } : row) },
  );

  it('take every step since, in order, and go where their table is now', () => {
    const { table, row } = rowsSince(plan, SCHEMA_VERSION);
    expect(table('options')).toBe('settings');
    expect(row('settings', { key: 'a', value: 1, createdAt: 5 })).toEqual({
      key: 'a',
      value: [1],
      createdAt: 5,
      updatedAt: 5,
    });
  });

  it('take only those that came after them', () => {
    const { table, row } = rowsSince(plan, AFTER);
    expect(row('settings', { key: 'a', value: 1 })).toEqual({ key: 'a', value: [1] });
    expect(table('settings')).toBe('settings');
    expect(rowsSince(plan, AFTER + 1).row('settings', { key: 'a' })).toEqual({ key: 'a' });
  });

  it('are left out where nothing needs them any more, and refused where nobody ever knew them', async () => {
    expect(rowsSince(plan, SCHEMA_VERSION).table('gossip')).toBeUndefined();
    expect(await faultFrom(Promise.resolve().then(() => rowsSince(plan, AFTER).table('gossip')))).toMatchObject({
      code: 'unsupported',
    });
    expect(await faultFrom(Promise.resolve().then(() => rowsSince(plan, 1).table('relayLogin')))).toMatchObject({
      code: 'unsupported',
    });
  });
});

describe('a store that rows of an earlier version were put in', () => {
  it('takes what each version since leaves for the unlocked app, and none before', async () => {
    const taken: number[] = [];
    const step = (version: number) => ({
      version,
      description: '',
      checksum: '',
      unlocked: {
        tables: [],
        slice: () => Promise.resolve(void taken.push(version)).then(() => undefined),
      },
    });
    const plan: Plan = { ...presentPlan, migrations: [...presentPlan.migrations, step(AFTER), step(AFTER + 1)] };
    const store = await unlockedStore({ plan });
    await store.finishUpgrade();
    expect(taken).toEqual([]);
    await expectUpgrade(store, AFTER);
    await store.finishUpgrade();
    await expectUpgrade(store, SCHEMA_VERSION);
    await store.finishUpgrade();
    await store.finishUpgrade();
    expect(taken).toEqual([AFTER + 1, AFTER, AFTER + 1]);
    expect(await store.schemaMigrations.get(AFTER)).toMatchObject({ success: true, unlockedAt: NOW });
  });
});
