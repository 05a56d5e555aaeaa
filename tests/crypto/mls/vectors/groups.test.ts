import { afterAll, describe, expect, test } from 'vitest';
import {
  bytesToBase64,
  decodeMlsMessage,
  joinGroup,
  makePskIndex,
  processPrivateMessage,
  processPublicMessage,
  type CiphersuiteImpl,
  type ClientState,
  type KeyPackage,
  type MLSMessage,
  type PskIndex,
  type Welcome,
} from 'ts-mls';
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from 'ts-mls/groupInfo.js';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { decodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { decryptGroupInfo, decryptGroupSecrets } from 'ts-mls/welcome.js';
import { hexFromBytes } from '../../../../src/lib/core/bytes.ts';
import { haveVectors, hex, suiteNumber, vectorConfig, vectorsOf } from './vectors.ts';

const ran: Record<string, number> = {};
const count = (name: string) => (ran[name] = (ran[name] ?? 0) + 1);
afterAll(() => console.log('RFC 9420 vectors run:', JSON.stringify(ran)));

describe.runIf(haveVectors)('RFC 9420 vectors: joining and following a group', () => {
  test('welcome', async () => {
    type Vector = Record<'init_priv' | 'key_package' | 'signer_pub' | 'welcome', string> & { cipher_suite: number };
    for (const v of vectorsOf<Vector>('welcome')) {
      const cs = await suiteNumber(v.cipher_suite);
      const keyPackage = keyPackageOf(v.key_package);
      const welcome = welcomeOf(v.welcome);
      const init = await cs.hpke.importPrivateKey(hex(v.init_priv));
      const ref = await makeKeyPackageRef(keyPackage, cs.hash);
      const secrets = await decryptGroupSecrets(init, ref, welcome, cs.hpke);
      if (secrets === undefined) throw new Error('no secrets');
      const noPsk = new Uint8Array(cs.kdf.size);
      const info = await decryptGroupInfo(welcome, secrets.joinerSecret, noPsk, cs);
      if (info === undefined) throw new Error('no group info');
      expect(await verifyGroupInfoSignature(info, hex(v.signer_pub), cs.signature)).toBe(true);
      expect(await verifyGroupInfoConfirmationTag(info, secrets.joinerSecret, noPsk, cs)).toBe(true);
      count('welcome');
    }
  });

  test.each(['passive-client-welcome', 'passive-client-handling-commit', 'passive-client-random'])(
    '%s',
    { timeout: 120_000 },
    async (name) => {
      for (const v of vectorsOf<PassiveClient>(name)) {
        await follow(v, await suiteNumber(v.cipher_suite));
        count(name);
      }
    },
  );
});

interface PassiveClient {
  cipher_suite: number;
  external_psks: { psk_id: string; psk: string }[];
  key_package: string;
  signature_priv: string;
  encryption_priv: string;
  init_priv: string;
  welcome: string;
  ratchet_tree: string | null;
  initial_epoch_authenticator: string;
  epochs: { proposals: string[]; commit: string; epoch_authenticator: string }[];
}

async function follow(v: PassiveClient, cs: CiphersuiteImpl): Promise<void> {
  const psks = Object.fromEntries(v.external_psks.map((p) => [bytesToBase64(hex(p.psk_id)), hex(p.psk)]));
  let state = await joinGroup(
    welcomeOf(v.welcome),
    keyPackageOf(v.key_package),
    {
      initPrivateKey: hex(v.init_priv),
      hpkePrivateKey: hex(v.encryption_priv),
      signaturePrivateKey: hex(v.signature_priv),
    },
    makePskIndex(undefined, psks),
    cs,
    v.ratchet_tree === null ? undefined : decodeRatchetTree(hex(v.ratchet_tree), 0)?.[0],
    undefined,
    vectorConfig,
  );
  expect(hexFromBytes(state.keySchedule.epochAuthenticator)).toBe(v.initial_epoch_authenticator);
  for (const epoch of v.epochs) {
    for (const message of [...epoch.proposals, epoch.commit]) {
      state = await handle(message, state, makePskIndex(state, psks), cs);
    }
    expect(hexFromBytes(state.keySchedule.epochAuthenticator)).toBe(epoch.epoch_authenticator);
    count('epochs');
  }
}

async function handle(text: string, state: ClientState, psks: PskIndex, cs: CiphersuiteImpl): Promise<ClientState> {
  const message = messageOf(text);
  if (message.wireformat === 'mls_private_message') {
    return (await processPrivateMessage(state, message.privateMessage, psks, cs)).newState;
  }
  if (message.wireformat !== 'mls_public_message') throw new Error(message.wireformat);
  return (await processPublicMessage(state, message.publicMessage, psks, cs)).newState;
}

function messageOf(text: string): MLSMessage {
  const message = decodeMlsMessage(hex(text), 0)?.[0];
  if (message === undefined) throw new Error('unreadable');
  return message;
}

function keyPackageOf(text: string): KeyPackage {
  const message = messageOf(text);
  if (message.wireformat !== 'mls_key_package') throw new Error(message.wireformat);
  return message.keyPackage;
}

function welcomeOf(text: string): Welcome {
  const message = messageOf(text);
  if (message.wireformat !== 'mls_welcome') throw new Error(message.wireformat);
  return message.welcome;
}
