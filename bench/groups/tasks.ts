import { unwrap } from '../../src/lib/core/result.ts';
import { processCommit, stageArrival, joinFromWelcome } from '../../src/lib/crypto/mls/follow.ts';
import {
  dataOf,
  groupIdOf,
  groupInfoBytes,
  membersOf,
  type MlsGroup,
  type SuiteId,
} from '../../src/lib/crypto/mls/index.ts';
import {
  createPerson,
  leafOf,
  newGroup,
  NOW,
  packageOf,
  stage,
  withoutPeople,
  withPeople,
  type Device,
} from '../../tests/crypto/mls/world.ts';

export const TASKS = ['create', 'add', 'join', 'commit', 'follow', 'remove', 'arrive'] as const;
/** Median milliseconds of each. */
export type Times = Readonly<Record<(typeof TASKS)[number], number>>;

const LINK = { secret: new Uint8Array(16).fill(1), key: new Uint8Array(32).fill(2) };

/** Measures a group of so many devices, one to a person; nothing is measured that only prepares. */
export async function measureGroup(suite: SuiteId, devices: number, rounds: number): Promise<Times> {
  const people = Array.from({ length: devices + 1 }, (_, i) => createPerson(`P${i}`).newDevice());
  const [owner, ...rest] = people;
  const comer = rest.pop();
  if (owner === undefined || comer === undefined) throw new Error('nobody');
  const packages: Awaited<ReturnType<typeof packageOf>>[] = [];
  for (const device of rest) packages.push(await packageOf(device, suite));
  const times: Record<(typeof TASKS)[number], number[]> = {
    create: [],
    add: [],
    join: [],
    commit: [],
    follow: [],
    remove: [],
    arrive: [],
  };
  // One round more warms up, where there are several.
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
    if (round === 0) for (const task of TASKS) times[task].length = 0;
    const made = await timed(times.create, async () => {
      const alone = await newGroup(owner, suite, { visibility: 'public', link: LINK, maxMembers: 1_000 });
      const adds = packages.map((one) => one.publicBytes);
      return stage(alone, { adds, data: withPeople(alone, rest) });
    });
    const { next, welcome } = made;
    const [second] = packages;
    if (second === undefined || welcome === undefined) throw new Error('nobody to follow');
    const other = unwrap(await joinFromWelcome(welcome, second.privateBundle, rest[0] as Device, NOW));
    await coming(times, next, suite, comer);
    const commit = await timed(times.commit, () => stage(next, {}));
    await timed(times.follow, async () => unwrap(await processCommit(other, commit.commit, NOW)));
    const gone = rest.at(-1) as Device;
    await timed(times.remove, () => stage(next, { removes: [leafOf(next, gone)], data: withoutPeople(next, [gone]) }));
  }
  return Object.fromEntries(TASKS.map((task) => [task, median(times[task])])) as Times;
}

/** One more: by a welcome into the group as it is less one, and by its link. */
async function coming(
  times: Record<(typeof TASKS)[number], number[]>,
  group: MlsGroup,
  suite: SuiteId,
  comer: Device,
): Promise<void> {
  const pack = await packageOf(comer, suite);
  // A thousand is full: whoever comes takes somebody's place.
  const room = dataOf(group).roster.length < dataOf(group).maxMembers ? group : await withoutOne(group);
  const added = await timed(times.add, () =>
    stage(room, { adds: [pack.publicBytes], data: withPeople(room, [comer]) }),
  );
  const { welcome } = added;
  if (welcome === undefined) throw new Error('no welcome');
  await timed(times.join, async () => unwrap(await joinFromWelcome(welcome, pack.privateBundle, comer, NOW)));
  const info = await groupInfoBytes(room, NOW);
  await timed(times.arrive, async () => unwrap(await stageArrival(groupIdOf(room), info, comer, NOW)));
}

async function withoutOne(group: MlsGroup): Promise<MlsGroup> {
  const data = dataOf(group);
  const last = data.roster.find((entry) => entry.role === 'member');
  if (last === undefined) throw new Error('nobody to remove');
  const removes = membersOf(group).flatMap((one) => (one.account === last.account ? [one.leaf] : []));
  return (await stage(group, { removes, data: withoutPeople(group, [last]) })).next;
}

async function timed<T>(into: number[], work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  into.push(performance.now() - began);
  return done;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
