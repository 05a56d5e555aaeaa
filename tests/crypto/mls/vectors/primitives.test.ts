import { afterAll, describe, expect, test } from 'vitest';
import { decodeMlsMessage, encodeMlsMessage, mlsExporter } from 'ts-mls';
import { decodeAuthenticatedContent } from 'ts-mls/authenticatedContent.js';
import { determineLength } from 'ts-mls/codec/variableLength.js';
import { decodeCommit, encodeCommit } from 'ts-mls/commit.js';
import { decryptWithLabel, encryptWithLabel } from 'ts-mls/crypto/hpke.js';
import { refhash } from 'ts-mls/crypto/hash.js';
import { deriveSecret, deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { signWithLabel, verifyWithLabel } from 'ts-mls/crypto/signature.js';
import { createContentCommitSignature, verifyConfirmationTag } from 'ts-mls/framedContent.js';
import { encodeGroupContext } from 'ts-mls/groupContext.js';
import { decodeGroupSecrets, encodeGroupSecrets } from 'ts-mls/groupSecrets.js';
import { initializeEpoch } from 'ts-mls/keySchedule.js';
import { protect, protectApplicationData, protectProposal, unprotectPrivateMessage } from 'ts-mls/messageProtection.js';
import { protectProposalPublic, protectPublicMessage, unprotectPublicMessage } from 'ts-mls/messageProtectionPublic.js';
import { computePskSecret } from 'ts-mls/presharedkey.js';
import {
  decodeAdd,
  decodeExternalInit,
  decodeGroupContextExtensions,
  decodeProposal,
  decodePSK,
  decodeReinit,
  decodeRemove,
  decodeUpdate,
  encodeAdd,
  encodeExternalInit,
  encodeGroupContextExtensions,
  encodeProposal,
  encodePSK,
  encodeReinit,
  encodeRemove,
  encodeUpdate,
} from 'ts-mls/proposal.js';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from 'ts-mls/secretTree.js';
import { expandSenderDataKey, expandSenderDataNonce } from 'ts-mls/sender.js';
import { createConfirmedHash, createInterimHash } from 'ts-mls/transcriptHash.js';
import {
  leafToNodeIndex,
  left,
  nodeWidth,
  parent,
  right,
  root,
  sibling,
  toLeafIndex,
  toNodeIndex,
} from 'ts-mls/treemath.js';
import type { CiphersuiteImpl, GroupContext, RatchetTree } from 'ts-mls';
import { hexFromBytes, utf8 } from '../../../../src/lib/core/bytes.ts';
import { haveVectors, hex, suiteNumber, vectorConfig, vectorsOf } from './vectors.ts';

const ran: Record<string, number> = {};
const count = (name: string, n: number) => (ran[name] = (ran[name] ?? 0) + n);
afterAll(() => console.log('RFC 9420 vectors run:', JSON.stringify(ran)));

describe.runIf(haveVectors)('RFC 9420 vectors: codecs and key schedule', () => {
  test('tree-math', () => {
    interface TreeMath {
      n_leaves: number;
      n_nodes: number;
      root: number;
      left: (number | null)[];
      right: (number | null)[];
      parent: (number | null)[];
      sibling: (number | null)[];
    }
    const orNull = (find: () => number): number | null => {
      try {
        return find();
      } catch {
        return null;
      }
    };
    for (const v of vectorsOf<TreeMath>('tree-math')) {
      expect(nodeWidth(v.n_leaves)).toBe(v.n_nodes);
      expect(root(v.n_leaves)).toBe(v.root);
      for (let i = 0; i < v.n_nodes; i++) {
        const node = toNodeIndex(i);
        expect(orNull(() => left(node))).toBe(v.left[i]);
        expect(orNull(() => right(node))).toBe(v.right[i]);
        expect(orNull(() => parent(node, v.n_leaves))).toBe(v.parent[i]);
        expect(orNull(() => sibling(node, v.n_leaves))).toBe(v.sibling[i]);
      }
      count('tree-math', 1);
    }
  });

  test('deserialization', () => {
    for (const v of vectorsOf<{ vlbytes_header: string; length: number }>('deserialization')) {
      expect(determineLength(hex(v.vlbytes_header), 0).length).toBe(v.length);
      count('deserialization', 1);
    }
  });

  test('messages: every type is read and written back the same', () => {
    type Codec<T> = [(bytes: Uint8Array, offset: number) => [T, number] | undefined, (value: T) => Uint8Array];
    function roundTrip<T>([read, write]: Codec<T>, text: string): void {
      const bytes = hex(text);
      const decoded = read(bytes, 0);
      if (decoded === undefined) throw new Error('unreadable');
      expect(decoded[1]).toBe(bytes.length);
      expect(hexFromBytes(write(decoded[0]))).toBe(text);
    }
    const message: Codec<NonNullable<ReturnType<typeof decodeMlsMessage>>[0]> = [decodeMlsMessage, encodeMlsMessage];
    for (const v of vectorsOf<Record<string, string>>('messages')) {
      const at = (key: string): string => v[key] ?? '';
      for (const key of [
        'mls_welcome',
        'mls_group_info',
        'mls_key_package',
        'public_message_application',
        'public_message_proposal',
        'public_message_commit',
        'private_message',
      ]) {
        roundTrip(message, at(key));
      }
      roundTrip([decodeRatchetTree, encodeRatchetTree], at('ratchet_tree'));
      roundTrip([decodeGroupSecrets, encodeGroupSecrets], at('group_secrets'));
      roundTrip([decodeAdd, encodeAdd], at('add_proposal'));
      roundTrip([decodeUpdate, encodeUpdate], at('update_proposal'));
      roundTrip([decodeRemove, encodeRemove], at('remove_proposal'));
      roundTrip([decodePSK, encodePSK], at('pre_shared_key_proposal'));
      roundTrip([decodeReinit, encodeReinit], at('re_init_proposal'));
      roundTrip([decodeExternalInit, encodeExternalInit], at('external_init_proposal'));
      roundTrip([decodeGroupContextExtensions, encodeGroupContextExtensions], at('group_context_extensions_proposal'));
      roundTrip([decodeCommit, encodeCommit], at('commit'));
      count('messages', 17);
    }
  });

  test('crypto-basics', async () => {
    interface Basics {
      cipher_suite: number;
      ref_hash: { label: string; out: string; value: string };
      expand_with_label: { context: string; label: string; length: number; out: string; secret: string };
      derive_secret: { label: string; out: string; secret: string };
      derive_tree_secret: { generation: number; label: string; length: number; out: string; secret: string };
      sign_with_label: { content: string; label: string; priv: string; pub: string; signature: string };
      encrypt_with_label: Record<
        'ciphertext' | 'context' | 'kem_output' | 'label' | 'plaintext' | 'priv' | 'pub',
        string
      >;
    }
    for (const v of vectorsOf<Basics>('crypto-basics')) {
      const cs = await suiteNumber(v.cipher_suite);
      const { ref_hash: r, expand_with_label: e, derive_secret: d, derive_tree_secret: t } = v;
      expect(hexFromBytes(await refhash(r.label, hex(r.value), cs.hash))).toBe(r.out);
      expect(hexFromBytes(await expandWithLabel(hex(e.secret), e.label, hex(e.context), e.length, cs.kdf))).toBe(e.out);
      expect(hexFromBytes(await deriveSecret(hex(d.secret), d.label, cs.kdf))).toBe(d.out);
      expect(hexFromBytes(await deriveTreeSecret(hex(t.secret), t.label, t.generation, t.length, cs.kdf))).toBe(t.out);

      const { sign_with_label: s, encrypt_with_label: c } = v;
      const verify = (signature: Uint8Array) =>
        verifyWithLabel(hex(s.pub), s.label, hex(s.content), signature, cs.signature);
      expect(await verify(hex(s.signature))).toBe(true);
      expect(await verify(await signWithLabel(hex(s.priv), s.label, hex(s.content), cs.signature))).toBe(true);

      const key = await cs.hpke.importPrivateKey(hex(c.priv));
      const open = (kem: Uint8Array, ciphertext: Uint8Array) =>
        decryptWithLabel(key, c.label, hex(c.context), kem, ciphertext, cs.hpke);
      expect(hexFromBytes(await open(hex(c.kem_output), hex(c.ciphertext)))).toBe(c.plaintext);
      const pub = await cs.hpke.importPublicKey(hex(c.pub));
      const sealed = await encryptWithLabel(pub, c.label, hex(c.context), hex(c.plaintext), cs.hpke);
      expect(hexFromBytes(await open(sealed.enc, sealed.ct))).toBe(c.plaintext);
      count('crypto-basics', 1);
    }
  });

  test('key-schedule', async () => {
    type Epoch = Record<
      | 'commit_secret'
      | 'confirmation_key'
      | 'confirmed_transcript_hash'
      | 'encryption_secret'
      | 'epoch_authenticator'
      | 'exporter_secret'
      | 'external_pub'
      | 'external_secret'
      | 'group_context'
      | 'init_secret'
      | 'joiner_secret'
      | 'membership_key'
      | 'psk_secret'
      | 'resumption_psk'
      | 'sender_data_secret'
      | 'tree_hash'
      | 'welcome_secret',
      string
    > & { exporter: { context: string; label: string; length: number; secret: string } };
    interface Schedule {
      cipher_suite: number;
      epochs: Epoch[];
      group_id: string;
      initial_init_secret: string;
    }
    for (const v of vectorsOf<Schedule>('key-schedule')) {
      const cs = await suiteNumber(v.cipher_suite);
      let initSecret: Uint8Array = hex(v.initial_init_secret);
      for (const [i, epoch] of v.epochs.entries()) {
        const context: GroupContext = {
          version: 'mls10',
          cipherSuite: cs.name,
          groupId: hex(v.group_id),
          epoch: BigInt(i),
          treeHash: hex(epoch.tree_hash),
          confirmedTranscriptHash: hex(epoch.confirmed_transcript_hash),
          extensions: [],
        };
        expect(hexFromBytes(encodeGroupContext(context))).toBe(epoch.group_context);
        const made = await initializeEpoch(
          initSecret,
          hex(epoch.commit_secret),
          context,
          hex(epoch.psk_secret),
          cs.kdf,
        );
        const ks = made.keySchedule;
        const external = await cs.hpke.deriveKeyPair(ks.externalSecret);
        const exported = await mlsExporter(
          ks.exporterSecret,
          epoch.exporter.label,
          hex(epoch.exporter.context),
          epoch.exporter.length,
          cs,
        );
        const results: [Uint8Array, string][] = [
          [made.joinerSecret, epoch.joiner_secret],
          [made.welcomeSecret, epoch.welcome_secret],
          [made.encryptionSecret, epoch.encryption_secret],
          [ks.initSecret, epoch.init_secret],
          [ks.senderDataSecret, epoch.sender_data_secret],
          [ks.exporterSecret, epoch.exporter_secret],
          [ks.epochAuthenticator, epoch.epoch_authenticator],
          [ks.externalSecret, epoch.external_secret],
          [ks.confirmationKey, epoch.confirmation_key],
          [ks.membershipKey, epoch.membership_key],
          [ks.resumptionPsk, epoch.resumption_psk],
          [await cs.hpke.exportPublicKey(external.publicKey), epoch.external_pub],
          [exported, epoch.exporter.secret],
        ];
        for (const [is, should] of results) expect(hexFromBytes(is)).toBe(should);
        initSecret = ks.initSecret;
        count('key-schedule', 1);
      }
    }
  });

  test('secret-tree', async () => {
    interface Step {
      generation: number;
      application_key: string;
      application_nonce: string;
      handshake_key: string;
      handshake_nonce: string;
    }
    interface SecretTreeVector {
      cipher_suite: number;
      encryption_secret: string;
      sender_data: { sender_data_secret: string; ciphertext: string; key: string; nonce: string };
      leaves: Step[][];
    }
    for (const v of vectorsOf<SecretTreeVector>('secret-tree')) {
      const cs = await suiteNumber(v.cipher_suite);
      const { sender_data_secret: secret, ciphertext, key, nonce } = v.sender_data;
      expect(hexFromBytes(await expandSenderDataKey(cs, hex(secret), hex(ciphertext)))).toBe(key);
      expect(hexFromBytes(await expandSenderDataNonce(cs, hex(secret), hex(ciphertext)))).toBe(nonce);
      const tree = await createSecretTree(v.leaves.length, hex(v.encryption_secret), cs.kdf);
      for (const [leaf, steps] of v.leaves.entries()) {
        const node = tree[leafToNodeIndex(toLeafIndex(leaf))];
        if (node === undefined) throw new Error('no leaf');
        for (const step of steps) {
          const far = { ...vectorConfig.keyRetentionConfig, maximumForwardRatchetSteps: 1000 };
          for (const [ratchet, k, n] of [
            [node.application, step.application_key, step.application_nonce],
            [node.handshake, step.handshake_key, step.handshake_nonce],
          ] as const) {
            const [at] = await ratchetUntil(ratchet, step.generation, far, cs.kdf);
            expect(hexFromBytes(await deriveKey(at.secret, step.generation, cs))).toBe(k);
            expect(hexFromBytes(await deriveNonce(at.secret, step.generation, cs))).toBe(n);
          }
          count('secret-tree', 1);
        }
      }
    }
  });

  test('transcript-hashes', async () => {
    type Vector = Record<
      | 'confirmation_key'
      | 'authenticated_content'
      | 'interim_transcript_hash_before'
      | 'confirmed_transcript_hash_after'
      | 'interim_transcript_hash_after',
      string
    > & { cipher_suite: number };
    for (const v of vectorsOf<Vector>('transcript-hashes')) {
      const cs = await suiteNumber(v.cipher_suite);
      const decoded = decodeAuthenticatedContent(hex(v.authenticated_content), 0)?.[0];
      if (decoded?.content.contentType !== 'commit' || decoded.auth.contentType !== 'commit') throw new Error('commit');
      const { confirmationTag, signature } = decoded.auth;
      const confirmed = await createConfirmedHash(
        hex(v.interim_transcript_hash_before),
        { wireformat: decoded.wireformat, content: decoded.content, signature },
        cs.hash,
      );
      expect(hexFromBytes(confirmed)).toBe(v.confirmed_transcript_hash_after);
      expect(hexFromBytes(await createInterimHash(confirmed, confirmationTag, cs.hash))).toBe(
        v.interim_transcript_hash_after,
      );
      expect(await verifyConfirmationTag(hex(v.confirmation_key), confirmationTag, confirmed, cs.hash)).toBe(true);
      count('transcript-hashes', 1);
    }
  });

  test('psk_secret', async () => {
    interface Psk {
      psk_id: string;
      psk: string;
      psk_nonce: string;
    }
    for (const v of vectorsOf<{ cipher_suite: number; psks: Psk[]; psk_secret: string }>('psk_secret')) {
      const cs = await suiteNumber(v.cipher_suite);
      const psks = v.psks.map(
        (p) => [{ psktype: 'external', pskId: hex(p.psk_id), pskNonce: hex(p.psk_nonce) }, hex(p.psk)] as const,
      );
      const secret = await computePskSecret(
        psks.map(([id, psk]) => [id, psk]),
        cs,
      );
      expect(hexFromBytes(secret)).toBe(v.psk_secret);
      count('psk_secret', 1);
    }
  });

  test('message-protection', async () => {
    for (const v of vectorsOf<Protection>('message-protection')) {
      await checkProtection(v, await suiteNumber(v.cipher_suite));
      count('message-protection', 1);
    }
  });
});

type Protection = Record<
  | 'group_id'
  | 'tree_hash'
  | 'confirmed_transcript_hash'
  | 'signature_priv'
  | 'signature_pub'
  | 'encryption_secret'
  | 'sender_data_secret'
  | 'membership_key'
  | 'proposal'
  | 'proposal_priv'
  | 'proposal_pub'
  | 'commit'
  | 'commit_priv'
  | 'commit_pub'
  | 'application'
  | 'application_priv',
  string
> & { cipher_suite: number; epoch: number };

/** The sender is leaf 1 of a group of two. Their messages open, and so does what we make of the same content. */
async function checkProtection(v: Protection, cs: CiphersuiteImpl): Promise<void> {
  const context: GroupContext = {
    version: 'mls10',
    cipherSuite: cs.name,
    groupId: hex(v.group_id),
    epoch: BigInt(v.epoch),
    treeHash: hex(v.tree_hash),
    confirmedTranscriptHash: hex(v.confirmed_transcript_hash),
    extensions: [],
  };
  const sender = toLeafIndex(1);
  const signKey = hex(v.signature_priv);
  const senderDataSecret = hex(v.sender_data_secret);
  const fresh = () => createSecretTree(2, hex(v.encryption_secret), cs.kdf);
  const nobody = hex('');
  const { keyRetentionConfig, paddingConfig } = vectorConfig;

  const proposal = decodeProposal(hex(v.proposal), 0)?.[0];
  const commit = decodeCommit(hex(v.commit), 0)?.[0];
  if (proposal === undefined || commit === undefined) throw new Error('unreadable');

  const openPrivate = async (bytes: Uint8Array) => {
    const message = decodeMlsMessage(bytes, 0)?.[0];
    if (message?.wireformat !== 'mls_private_message') throw new Error('private');
    return unprotectPrivateMessage(
      senderDataSecret,
      message.privateMessage,
      await fresh(),
      twoLeaves,
      context,
      keyRetentionConfig,
      cs,
      hex(v.signature_pub),
    ).then((result) => result.content.content);
  };
  const openPublic = async (bytes: Uint8Array) => {
    const message = decodeMlsMessage(bytes, 0)?.[0];
    if (message?.wireformat !== 'mls_public_message') throw new Error('public');
    const content = await unprotectPublicMessage(
      hex(v.membership_key),
      context,
      [],
      message.publicMessage,
      cs,
      hex(v.signature_pub),
    );
    return content.content;
  };

  const proposals = [await openPrivate(hex(v.proposal_priv)), await openPublic(hex(v.proposal_pub))];
  const madePrivate = await protectProposal(
    signKey,
    senderDataSecret,
    proposal,
    nobody,
    context,
    await fresh(),
    sender,
    paddingConfig,
    cs,
  );
  const madePublic = await protectProposalPublic(signKey, hex(v.membership_key), context, nobody, proposal, sender, cs);
  proposals.push(
    await openPrivate(
      encodeMlsMessage({
        version: 'mls10',
        wireformat: 'mls_private_message',
        privateMessage: madePrivate.privateMessage,
      }),
    ),
    await openPublic(
      encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage: madePublic.publicMessage }),
    ),
  );
  for (const content of proposals) {
    if (content.contentType !== 'proposal') throw new Error('proposal');
    expect(hexFromBytes(encodeProposal(content.proposal))).toBe(v.proposal);
  }

  const commits = [await openPrivate(hex(v.commit_priv)), await openPublic(hex(v.commit_pub))];
  for (const wireformat of ['mls_private_message', 'mls_public_message'] as const) {
    const { framedContent, signature } = await createContentCommitSignature(
      context,
      wireformat,
      commit,
      { senderType: 'member', leafIndex: sender },
      nobody,
      signKey,
      cs.signature,
    );
    const auth = { contentType: 'commit', signature, confirmationTag: utf8('tag') } as const;
    if (wireformat === 'mls_private_message') {
      const tree = await fresh();
      const content = { ...framedContent, auth };
      const made = await protect(senderDataSecret, nobody, context, tree, content, sender, paddingConfig, cs);
      const message = { version: 'mls10', wireformat, privateMessage: made.privateMessage } as const;
      commits.push(await openPrivate(encodeMlsMessage(message)));
    } else {
      const authenticated = { wireformat, content: framedContent, auth } as const;
      const publicMessage = await protectPublicMessage(hex(v.membership_key), context, authenticated, cs);
      commits.push(await openPublic(encodeMlsMessage({ version: 'mls10', wireformat, publicMessage })));
    }
  }
  for (const content of commits) {
    if (content.contentType !== 'commit') throw new Error('commit');
    expect(hexFromBytes(encodeCommit(content.commit))).toBe(v.commit);
  }

  const application = await protectApplicationData(
    signKey,
    senderDataSecret,
    hex(v.application),
    nobody,
    context,
    await fresh(),
    sender,
    paddingConfig,
    cs,
  );
  const own = {
    version: 'mls10',
    wireformat: 'mls_private_message',
    privateMessage: application.privateMessage,
  } as const;
  for (const bytes of [hex(v.application_priv), encodeMlsMessage(own)]) {
    const content = await openPrivate(bytes);
    if (content.contentType !== 'application') throw new Error('application');
    expect(hexFromBytes(content.applicationData)).toBe(v.application);
  }
}

/** The vectors name no tree; the keys come from beside it, so blank places do. */
const twoLeaves: RatchetTree = [undefined, undefined, undefined];
