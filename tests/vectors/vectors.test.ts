import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { generate } from './generate.ts';
import { ours } from './ours.ts';
import { reading } from './reading.ts';
import type { SealingChain, VectorFiles } from './shape.ts';

const textOf = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const load = <Name extends keyof VectorFiles>(name: Name): VectorFiles[Name] =>
  JSON.parse(textOf(name)) as VectorFiles[Name];
const un = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (bytes: Uint8Array | null | undefined): string | undefined =>
  bytes === null || bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');

const chains = load('chains.json');
const records = load('records.json');
const padding = load('padding.json');
const receiving = load('receiving.json');
const identity = load('identity.json');
const atRest = load('at-rest.json');

const epoch = {
  suite: chains.suite,
  groupId: un(chains.groupId),
  epoch: chains.epoch,
  authenticatorHash: un(chains.authenticatorHash),
};

function leafOf(leaf: number) {
  const found = chains.leaves.find((one) => one.leaf === leaf);
  if (found === undefined) throw new Error(`no leaf ${leaf}`);
  return found;
}

test('the files are what the generator writes', async () => {
  for (const [name, text] of Object.entries(await generate())) expect(textOf(name) === text, name).toBe(true);
});

describe.each([ours, reading])('$name agrees with the vectors', (one) => {
  test('of chains: heads, message keys, next chain keys', () => {
    expect(hex(one.exporterContext(epoch.groupId, epoch.epoch))).toBe(chains.exporterContext);
    for (const { leaf, head, steps } of chains.leaves) {
      expect(hex(one.head(un(chains.exported), leaf))).toBe(head);
      let chainKey = un(head);
      for (const { messageKey, next } of steps) {
        const step = one.step(chainKey);
        expect([hex(step.messageKey), hex(step.next)]).toEqual([messageKey, next]);
        chainKey = un(next);
      }
    }
  });

  test('of padding: each length, and what nobody writes', () => {
    for (const { length, padded } of padding.lengths) {
      expect(one.paddedLength(length), String(length)).toBe(padded);
      if (length < 100_000) {
        const plaintext = new Uint8Array(length).fill(7);
        expect(hex(one.unpad(one.pad(plaintext)))).toBe(hex(plaintext));
      }
    }
    for (const { why, padded } of padding.refused) expect(one.unpad(un(padded)), why).toBeUndefined();
  });

  test('of records: every byte that a sender writes', () => {
    for (const record of records) {
      const { signaturePrivate, signaturePublic, steps, head } = leafOf(record.leaf);
      const chainKey = record.iteration === 0 ? head : (steps[record.iteration - 1]?.next ?? '');
      const chain: SealingChain = {
        ...epoch,
        leaf: record.leaf,
        iteration: record.iteration,
        chainKey: un(chainKey),
        previousHash: un(record.previousHash),
        signaturePrivate: un(signaturePrivate),
        signaturePublic: un(signaturePublic),
      };
      expect(hex(one.pad(un(record.plaintext)))).toBe(record.padded);
      const made = one.seal(chain, un(record.messageId), un(record.plaintext));
      expect(hex(made.record)).toBe(record.record);
      expect(hex(made.hash)).toBe(record.hash);
      expect(hex(made.next)).toBe(steps[record.iteration]?.next);
      expect(record.header + record.ciphertext + record.signature).toBe(record.record);
      expect(record.toSign.endsWith(record.header + record.ciphertext)).toBe(true);
    }
  });

  test.each(receiving)('of receiving: $name', ({ leaf, batches }) => {
    const { head, signaturePublic } = leafOf(leaf);
    const receiver = one.receiver({ ...epoch, leaf, head: un(head), signaturePublic: un(signaturePublic) });
    for (const batch of batches) {
      const received = receiver.receive(batch.records.map(un), batch.now);
      expect(received.map(({ outcome }) => outcome)).toEqual(batch.outcomes);
      expect(received.map(({ plaintext }) => hex(plaintext) ?? null)).toEqual(batch.plaintexts);
      expect(receiver.state(batch.now)).toEqual(batch.after);
    }
  });

  test('of identities: ids, names, fingerprints, safety numbers, the direct chat', () => {
    const [ana, bo] = identity.accounts;
    if (ana === undefined || bo === undefined) throw new Error('there are two accounts');
    for (const { publicKey, id, fingerprint } of identity.accounts) {
      expect(one.accountId(un(publicKey))).toBe(id);
      expect(hex(one.fingerprint(un(publicKey)))).toBe(fingerprint);
    }
    const [a, b] = [un(ana.fingerprint), un(bo.fingerprint)];
    expect(one.safetyNumber(a, b)).toEqual(identity.safetyNumber);
    expect(one.safetyNumber(b, a).digits).toBe(identity.safetyNumber.digits);
    expect(one.directConversation(ana.id, bo.id)).toBe(identity.direct.conversation);
    expect(one.directConversation(bo.id, ana.id)).toBe(identity.direct.conversation);
    const { name, salt, nameHash } = identity.certificate;
    expect(hex(one.nameHash(name, un(salt)))).toBe(nameHash);
  });

  test('of certificates: those that hold, and those that do not', () => {
    const { encoded } = identity.certificate;
    expect(one.checkCertificate(un(encoded))).toBe('ok');
    expect(hex(one.certificate(un(encoded), un(identity.accounts[0]?.privateKey ?? '')))).toBe(encoded);
    for (const refused of identity.refusedCertificates) {
      expect(one.checkCertificate(un(refused.encoded)), refused.why).toBe(refused.code);
    }
  });

  test('of invite codes: those that are read, and those that are not', () => {
    const { name, salt, code } = identity.invite;
    expect(one.invite(un(identity.accounts[0]?.publicKey ?? ''), name, un(salt))).toBe(code);
    expect(one.checkInvite(`  ${code.slice(0, 30)}\n${code.slice(30)} `)).toBe('ok');
    for (const refused of identity.refusedInvites) {
      expect(one.checkInvite(refused.code), refused.why).toBe(refused.refusal);
    }
  });

  test('of rows at rest: sealed bound to their place, worth nothing in another', () => {
    const { table, primaryKey, sealedColumns, sealing, databaseKey, bound, plaintext, nonce, sealed } = atRest;
    const key = un(databaseKey);
    expect(hex(one.bound(table, primaryKey, sealedColumns, sealing))).toBe(bound);
    expect(hex(one.sealRow(key, table, un(bound), un(nonce), un(plaintext)))).toBe(sealed);
    expect(hex(one.openRow(key, table, un(bound), un(sealed)))).toBe(plaintext);
    for (const refused of atRest.refused) {
      expect(one.openRow(key, refused.table, un(refused.bound), un(refused.sealed)), refused.why).toBeUndefined();
    }
  });
});
