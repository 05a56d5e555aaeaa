import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from '../../src/lib/core/result.ts';
import { unlockedStore } from './disks.ts';
import { user } from './fixtures.ts';
import { applyToModel, applyToStore, copyOf, emptyModel, expectSame, type Operation } from './model.ts';

/**
 * Random operations on people, conversations, messages, groups and members, one by one and in
 * transactions, against a plain model. Not looked at here: sealing on disk, and other tables.
 */

const name = fc.constantFrom('a', 'b', 'c');
const place = fc.record({
  conversation: name,
  order: fc.integer({ min: 0, max: 4 }),
  id: fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5', 'm6'),
  text: fc.string(),
});
const places = fc.uniqueArray(place, {
  minLength: 1,
  maxLength: 3,
  selector: (row) => `${row.conversation}/${row.order}`,
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('addContact' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('deleteContact' as const, 'deleteConversation' as const, 'deleteGroup' as const),
      name,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('addConversation' as const),
      name,
      kind: fc.constantFrom('direct' as const, 'group' as const),
      with: name,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom('addMessages' as const, 'putMessages' as const), messages: places }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('editMessages' as const), conversation: name, text: fc.string() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('deleteMessage' as const), id: fc.constantFrom('m1', 'm2', 'm3') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('deleteMessagesUpTo' as const),
      conversation: name,
      order: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('putGroup' as const),
      name,
      max: fc.integer({ min: 1, max: 3 }),
      active: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('putMember' as const),
      group: name,
      name,
      key: fc.constantFrom('k1', 'k2', 'k3'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeMember' as const), group: name, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clearContacts' as const, 'clearGroups' as const) }) },
);

const steps = fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { minLength: 10, maxLength: 40 });
const tables = ['contacts', 'conversations', 'messages', 'groups', 'groupMembers'] as const;

it('does what a plain model does, and refuses what it refuses', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const store = await unlockedStore();
      await store.users.bulkAdd(['a', 'b', 'c'].map((one) => user(one)));
      let model = emptyModel();
      for (const operations of run) {
        const after = copyOf(model);
        let refused: string | undefined;
        for (const one of operations) {
          refused = applyToModel(after, one);
          if (refused !== undefined) break;
        }
        const done = await settle(
          operations.length === 1
            ? applyToStore(store, operations[0] as Operation)
            : store.tx('rw', tables, async () => {
                for (const one of operations) await applyToStore(store, one);
              }),
        );
        expect(done.ok ? undefined : done.error.code).toBe(refused);
        if (refused === undefined) model = after;
        await expectSame(store, model);
      }
      store.close();
    }),
    { numRuns: 25 },
  );
});
