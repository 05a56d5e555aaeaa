import { describe, expect, test } from 'vitest';
import { concat, u32, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { unwrap, type Result } from '../../src/lib/core/result.ts';
import { FRAME_LIMIT, frame } from '../../src/lib/crypto/backup/frames.ts';
import { headerLength, MAGIC, PREFIX, readHeader as readBackupHeader } from '../../src/lib/crypto/backup/header.ts';
import { joinFromWelcome } from '../../src/lib/crypto/mls/follow.ts';
import {
  createLeaveNote,
  groupFromBytes,
  groupIdOf,
  groupInfoBytes,
  groupToBytes,
  isAnswer,
  isPlea,
  readKeyPackage,
  CLASSICAL_SUITE,
} from '../../src/lib/crypto/mls/index.ts';
import { createPlea, groupOfAnswer, readPlea, sealToPlea } from '../../src/lib/crypto/mls/plea.ts';
import { processCommit } from '../../src/lib/crypto/mls/received.ts';
import { stageReturn } from '../../src/lib/crypto/mls/returning.ts';
import { stateOf } from '../../src/lib/crypto/mls/group.ts';
import { bytesFromData, dataFromBytes } from '../../src/lib/crypto/mls/groupDataCodec.ts';
import { readGroupInfo } from '../../src/lib/crypto/mls/groupInfo.ts';
import { verifiedLeavers } from '../../src/lib/crypto/mls/leaveNote.ts';
import {
  bytesFromKeyPackage,
  bytesFromMessage,
  bytesFromWelcome,
  keyPackageFromBytes,
  privateMessageFromBytes,
  welcomeFromBytes,
} from '../../src/lib/crypto/mls/messages.ts';
import { createPhrase, entropyFromPhrase } from '../../src/lib/crypto/recoveryPhrase.ts';
import { createSealer } from '../../src/lib/crypto/seal.ts';
import { chainFromBytes, chainToBytes } from '../../src/lib/crypto/senderKey/chain.ts';
import { bytesFromHeader, HEADER_LENGTH, readHeader } from '../../src/lib/crypto/senderKey/layout.ts';
import { openRun } from '../../src/lib/crypto/senderKey/open.ts';
import { pad, unpad } from '../../src/lib/crypto/senderKey/padding.ts';
import { cborFromValue, valueFromCbor } from '../../src/lib/protocol/wire.ts';
import { createChance, fuzz, INPUTS, mutant } from '../protocol/mutants.ts';
import { createPerson, groupOfPeople, NOW, packageOf, seeded, stage, withPeople } from './mls/world.ts';
import { sealMany, world } from './senderKeyWorld.ts';

/** Inputs of what takes signatures or trees to look at, and of what nobody but this device could have written. */
const FEW = 300;

const [ana, bo, cy] = ['Ana', 'Bo', 'Cy'].map((name) => createPerson(name).newDevice());
if (ana === undefined || bo === undefined || cy === undefined) throw new Error('nobody');
const [group, other] = await groupOfPeople([ana, bo]);
const kp = await packageOf(cy);
if (group === undefined || other === undefined) throw new Error('no group');
const adding = await stage(group, { adds: [kp.publicBytes], data: withPeople(group, [cy]) });
const welcome = adding.welcome ?? new Uint8Array();
const info = await groupInfoBytes(group, NOW);
const newer = await groupInfoBytes(adding.next, NOW);
const { plea } = await createPlea(bo, groupIdOf(group), 'moderator', CLASSICAL_SUITE);
const readable = unwrap(readPlea(plea, group));
const answer = await sealToPlea(group, readable.key, info.slice(0, 100));
const note = createLeaveNote(other, bo);

const refused = { ok: false, error: { code: 'malformed' } } as const;

/** What a decoder reads, written again. */
const again =
  <T>(read: (bytes: Bytes) => Result<T>, write: (value: T) => Uint8Array) =>
  (bytes: Bytes): Uint8Array | undefined => {
    const value = read(bytes);
    return value.ok ? write(value.value) : undefined;
  };

const chain = world().ana.chain;
const key = (iteration: number) => ({ iteration, messageKey: new Uint8Array(32).fill(iteration), at: NOW });
const header = {
  v: 1,
  id: new Uint8Array(16),
  type: 'full',
  createdAt: NOW,
  phrase: { encapsulated: new Uint8Array(1120), wrapped: new Uint8Array(72) },
  passphrase: { kdf: { kind: 'argon2id' }, wrapped: new Uint8Array(72) },
};
const frames = [
  { f: 'begin', schema: 2, account: 'a', device: 'd', databaseKey: new Uint8Array(32) },
  { f: 'rows', table: 'messages', rows: [{ id: 'x', n: 1 }] },
  { f: 'gone', table: 'messages', keys: ['x', ['y', 2]] },
  {
    f: 'end',
    tables: [{ table: 't', count: 1, gone: 0, damaged: 0, size: 9, checksum: new Uint8Array(32) }],
    integrity: new Uint8Array(32),
  },
];
const headerBytes = cborFromValue(header);
const backupStart = concat(MAGIC, u32(headerBytes.length), headerBytes);

/** Each with inputs that are right, and what reads and writes them again. */
const decoders: readonly [string, readonly Uint8Array[], (bytes: Bytes) => Uint8Array | undefined][] = [
  [
    'the header of a record',
    sealMany(world().ana, 3).records,
    (bytes) => {
      const read = readHeader(bytes);
      // What comes after the header is not looked at here.
      return read.ok ? concat(bytesFromHeader(read.value), bytes.subarray(HEADER_LENGTH)) : undefined;
    },
  ],
  [
    'a padded text',
    [pad(utf8('short')), pad(new Uint8Array(300).fill(7))],
    (bytes) => {
      const read = unpad(bytes);
      return read === undefined ? undefined : pad(read);
    },
  ],
  [
    'a chain',
    [chainToBytes(chain), chainToBytes({ ...chain, iteration: 9, skipped: [key(1), key(4)] })],
    again(chainFromBytes, chainToBytes),
  ],
  [
    'group data',
    [unwrap(bytesFromData({ data: withPeople(group, [cy]), left: [note] }))],
    again(dataFromBytes, (value) => unwrap(bytesFromData(value))),
  ],
  [
    'the start of a backup',
    [backupStart],
    (bytes) => {
      const length = headerLength(bytes);
      const read = length.ok ? readBackupHeader(bytes) : length;
      return read.ok ? concat(bytes.subarray(0, PREFIX), cborFromValue(read.value)) : undefined;
    },
  ],
  [
    'a frame of a backup, its manifest too',
    frames.map(cborFromValue),
    again((bytes) => valueFromCbor(frame, bytes, FRAME_LIMIT), cborFromValue),
  ],
  ['a key package', [kp.publicBytes], again(keyPackageFromBytes, bytesFromKeyPackage)],
  ['a welcome', [welcome], again(welcomeFromBytes, bytesFromWelcome)],
  [
    'a commit',
    [adding.commit],
    again(privateMessageFromBytes, (privateMessage) =>
      bytesFromMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage }),
    ),
  ],
  [
    'an answer to a plea',
    [answer],
    (bytes) => {
      return isAnswer(bytes) && groupOfAnswer(bytes).ok ? bytes : undefined;
    },
  ],
];

test.each(decoders)(
  `%s: ${INPUTS} inputs are read as what they were written from, or refused`,
  (_name, valid, read) => {
    const { taken, other } = fuzz(valid, read);
    expect(other).toBeUndefined();
    expect(taken).toBeGreaterThan(0);
  },
);

test(`a sealed value, as rows and blocks are: ${INPUTS} inputs, none of which opens but the one that was sealed`, () => {
  const sealer = createSealer(new Uint8Array(32).fill(4), seeded('sealer'));
  const bound = utf8('here');
  const plain = utf8('what lies in a block');
  const sealed = sealer.seal('messages', bound, plain);
  const { other } = fuzz([sealed], (bytes) =>
    sealer.open('messages', bound, bytes) === undefined ? undefined : sealed,
  );
  expect(other).toBeUndefined();
});

test(`a recovery phrase: ${INPUTS} inputs, none of which is read as other words`, async () => {
  const { words } = await createPhrase(seeded('phrase'));
  const chance = createChance(5);
  for (let left = INPUTS; left > 0; left--) {
    const text = String.fromCharCode(...mutant(chance, [utf8(words.join(' '))]));
    const read = await entropyFromPhrase(text.split(' '));
    if (read.ok && text !== words.join(' ')) throw new Error(text);
  }
});

/*
 * Signatures, trees and HPKE take a millisecond and more an input: a few hundred each. Their decoders alone get
 * all of them above, but those of a GroupInfo and of a stored state, which are as long as the tree.
 */
describe(`given ${FEW} inputs`, () => {
  const run = async (valid: readonly Uint8Array[], read: (bytes: Bytes) => unknown): Promise<void> => {
    const chance = createChance(FEW);
    for (let left = FEW; left > 0; left--) {
      const bytes = mutant(chance, valid);
      const result = (await read(bytes)) as Result<unknown>;
      const isSame = valid.some((one) => one.length === bytes.length && one.every((byte, i) => byte === bytes[i]));
      if (result.ok !== isSame) throw new Error(`${isSame ? 'refused' : 'taken'}: ${bytes.join(',')}`);
      if (!result.ok) expect(result.error).toMatchObject({ code: expect.any(String) as string });
    }
  };

  test('a key package is taken only as it was signed', () =>
    run([kp.publicBytes], (bytes) => readKeyPackage(bytes, NOW)));
  test('a welcome only as it was sealed', () =>
    run([welcome], (bytes) => joinFromWelcome(bytes, kp.privateBundle, cy, NOW)));
  test('a commit only as it was sealed, and the state that refuses it stays', async () => {
    const before = groupToBytes(other);
    await run([adding.commit], (bytes) => processCommit(other, bytes, NOW));
    expect(groupToBytes(other)).toEqual(before);
  });
  test('what a device comes back by only as it was signed', () =>
    run([newer], (bytes) => stageReturn(groupIdOf(other), other, bytes, bo, NOW)));
  test('a plea only as it was signed', () =>
    run([plea], (bytes) => (isPlea(bytes) ? readPlea(bytes, group) : refused)));
  test('a leave note only as it was signed', () => run([note], (bytes) => verifiedLeavers([bytes], stateOf(group))));
  test('a GroupInfo and a stored state are read or refused', () => {
    const readInfo = fuzz([info], (bytes) => (readGroupInfo(bytes).ok ? bytes : undefined), 20 * FEW);
    expect(readInfo.taken).toBeGreaterThan(0);
    // A state is only ever read out of a sealed row; what it is tidied to may be written otherwise.
    const state = groupToBytes(group);
    const readState = fuzz([state], (bytes) => (groupFromBytes(bytes, ana).ok ? bytes : undefined), 10 * FEW);
    expect(readState.taken).toBeGreaterThan(0);
  });
  test('a record only as it was signed, and the chain that refuses it stays', () => {
    const { records } = sealMany(world().ana, 1);
    const chance = createChance(3);
    for (let left = 2 * FEW; left > 0; left--) {
      const bytes = mutant(chance, records);
      const { results, next } = openRun(chain, [bytes], NOW);
      if (results[0]?.ok === true) expect(bytes).toEqual(records[0]);
      else expect(next).toBe(chain);
    }
  });
});
