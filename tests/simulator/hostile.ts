import type * as v from 'valibot';
import type { Bytes } from '../../src/lib/core/bytes.ts';
import { newId, type DeviceId, type StreamId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import { catchUp, claimKeyPackages, type Entry } from '../../src/lib/protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import type { RelayAnswer } from '../../src/lib/server/relay.ts';
import { createRandom } from '../world/seeded.ts';
import type { Counters } from './counters.ts';
import type { Dice } from './dice.ts';
import type { FarEnd } from './wire.ts';

type Claim = v.InferOutput<typeof claimKeyPackages.answer>['claims'][number];

const LIMIT = 64 * 1024 * 1024;
/** One answer in so many is tampered with. */
const RARELY = 0.12;

/** A relay that tells some of its clients something else than what it has. */
export interface HostileRelay {
  readonly farEnd: FarEnd;
  isHostile: boolean;
}

/**
 * Stands before an honest relay and rewrites, withholds, replays, reorders and invents in what it answers;
 * it swaps KeyPackages and deals out used ones; and it tells the loser of a race for an epoch that they have
 * won, so that a group has two histories.
 */
export function createHostileRelay(honest: FarEnd, dice: Dice, counters: Counters): HostileRelay {
  const random: Random = createRandom(`hostile ${dice.below(1_000_000)}`);
  const seen: Entry[] = [];
  const packages: Claim[] = [];
  const hostile: HostileRelay = {
    isHostile: false,
    farEnd: {
      async handle(path, body, token) {
        const answer = await honest.handle(path, body, token);
        if (!hostile.isHostile) return answer;
        if (path === catchUp.path) return onCatchUp(answer);
        if (path === claimKeyPackages.path) return onClaim(answer);
        if (path.endsWith('/commits') && answer.status !== 200) return onLostCommit(answer);
        return answer;
      },
      listen: honest.listen,
    },
  };
  return hostile;

  function onCatchUp(answer: RelayAnswer): RelayAnswer {
    const read = answer.status === 200 ? valueFromCbor(catchUp.answer, answer.body, LIMIT) : undefined;
    if (read?.ok !== true) return answer;
    const entries = [...read.value.entries];
    for (const entry of entries) if (seen.length < 2_000) seen.push(entry);
    if (entries.length === 0 || !dice.chance(RARELY)) return answer;
    const at = dice.below(entries.length);
    const entry = entries[at] as Entry;
    const what = dice.pick([
      'rewrite',
      'relabel',
      'truncate',
      'extend',
      'withhold',
      'skip',
      'replay',
      'cross',
      'swap',
      'invent',
    ] as const);
    counters.count(`hostile ${what}`);
    switch (what) {
      case 'rewrite':
        entries[at] = { ...entry, payload: withOneBitFlipped(entry.payload) };
        break;
      case 'relabel':
        entries[at] = relabelled(entry);
        break;
      case 'truncate':
        entries[at] = { ...entry, payload: entry.payload.slice(0, dice.below(entry.payload.length)) };
        break;
      case 'extend':
        entries[at] = { ...entry, payload: new Uint8Array([...entry.payload, ...random.bytes(1 + dice.below(40))]) };
        break;
      case 'withhold':
        entries.splice(at);
        break;
      case 'skip':
        entries.splice(at, 1);
        break;
      case 'replay': {
        const old = dice.pick([entry, ...seen.filter((one) => one.stream === entry.stream)]);
        entries[at] = { ...old, seq: entry.seq };
        break;
      }
      case 'cross':
        entries[at] = { ...dice.pick(seen), stream: entry.stream, seq: entry.seq };
        break;
      case 'swap': {
        const other = entries[dice.below(entries.length)] as Entry;
        entries[at] = { ...other, stream: entry.stream, seq: entry.seq };
        break;
      }
      case 'invent':
        entries[at] = { ...entry, payload: random.bytes(entry.payload.length) };
        break;
    }
    return { ...answer, body: cborFromValue({ entries, more: what !== 'withhold' && read.value.more }) };
  }

  function onClaim(answer: RelayAnswer): RelayAnswer {
    const read = answer.status === 200 ? valueFromCbor(claimKeyPackages.answer, answer.body, LIMIT) : undefined;
    if (read?.ok !== true) return answer;
    const claims = read.value.claims;
    packages.push(...claims);
    if (claims.length === 0 || !dice.chance(3 * RARELY)) return answer;
    const at = dice.below(claims.length);
    const claim = claims[at] as Claim;
    const what = dice.pick(['swapped package', 'used package', 'broken package'] as const);
    counters.count(`hostile ${what}`);
    const others = packages.filter((one) => (one.device === claim.device) === (what === 'used package'));
    const bytes =
      what === 'broken package' || others.length === 0 ? withOneBitFlipped(claim.bytes) : dice.pick(others).bytes;
    const tampered = claims.map((one, i) => (i === at ? { ...one, bytes } : one));
    return { ...answer, body: cborFromValue({ ...read.value, claims: tampered }) };
  }

  /** "You won": the group now has two histories. */
  function onLostCommit(answer: RelayAnswer): RelayAnswer {
    if (!dice.chance(0.5)) return answer;
    counters.count('hostile equivocation');
    return { ...answer, status: 200, body: cborFromValue({ seq: 1 } satisfies { seq: number }) };
  }

  function relabelled(entry: Entry): Entry {
    switch (dice.below(5)) {
      case 0:
        return { ...entry, kind: dice.pick(['record', 'commit', 'welcome'] as const) };
      case 1:
        return { ...entry, epoch: entry.epoch + dice.pick([-1, 1, 1_000]) < 0 ? 0 : entry.epoch + 1 };
      case 2:
        return { ...entry, id: newId(random) };
      case 3:
        return { ...entry, sender: newId<DeviceId>(random) };
      default:
        return { ...entry, stream: newId<StreamId>(random), seq: 1 };
    }
  }

  function withOneBitFlipped(bytes: Bytes): Bytes {
    const copy = bytes.slice();
    const at = dice.below(Math.max(1, copy.length));
    copy[at] = (copy[at] ?? 0) ^ (1 << dice.below(8));
    return copy;
  }
}
