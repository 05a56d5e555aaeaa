import { afterAll, describe, expect, test } from 'vitest';
import type { CiphersuiteImpl, GroupContext, RatchetTree } from 'ts-mls';
import { validateRatchetTree } from 'ts-mls/clientState.js';
import { applyUpdatePathSecret } from 'ts-mls/createCommit.js';
import { deriveSecret } from 'ts-mls/crypto/kdf.js';
import { verifyParentHashes } from 'ts-mls/parentHash.js';
import { getCommitSecret, pathToPathSecrets } from 'ts-mls/pathSecrets.js';
import { decodeProposal } from 'ts-mls/proposal.js';
import {
  addLeafNode,
  decodeRatchetTree,
  encodeRatchetTree,
  removeLeafNode,
  resolution,
  updateLeafNode,
} from 'ts-mls/ratchetTree.js';
import { treeHash, treeHashRoot } from 'ts-mls/treeHash.js';
import { leafToNodeIndex, toLeafIndex, toNodeIndex } from 'ts-mls/treemath.js';
import { applyUpdatePath, createUpdatePath, decodeUpdatePath } from 'ts-mls/updatePath.js';
import { verifyLeafNodeSignature } from 'ts-mls/leafNode.js';
import { hexFromBytes } from '../../../../src/lib/core/bytes.ts';
import { haveVectors, hex, suiteNumber, vectorConfig, vectorsOf } from './vectors.ts';

const ran: Record<string, number> = {};
const count = (name: string) => (ran[name] = (ran[name] ?? 0) + 1);
afterAll(() => console.log('RFC 9420 vectors run:', JSON.stringify(ran)));

/** TreeKEM is the long file (1,500 path secrets): every suite's small trees, and all of suite 1; all with the variable. */
const all = process.env['MLS_VECTORS_ALL'] !== undefined;

function treeOf(text: string): RatchetTree {
  const tree = decodeRatchetTree(hex(text), 0)?.[0];
  if (tree === undefined) throw new Error('unreadable');
  return tree;
}

describe.runIf(haveVectors)('RFC 9420 vectors: trees', () => {
  test('tree-operations', async () => {
    type Vector = Record<'proposal' | 'tree_after' | 'tree_before' | 'tree_hash_after' | 'tree_hash_before', string> & {
      cipher_suite: number;
      proposal_sender: number;
    };
    for (const v of vectorsOf<Vector>('tree-operations')) {
      const { hash } = await suiteNumber(v.cipher_suite);
      const before = treeOf(v.tree_before);
      expect(hexFromBytes(await treeHashRoot(before, hash))).toBe(v.tree_hash_before);
      const proposal = decodeProposal(hex(v.proposal), 0)?.[0];
      const after =
        proposal?.proposalType === 'add' && 'add' in proposal
          ? addLeafNode(before, proposal.add.keyPackage.leafNode)[0]
          : proposal?.proposalType === 'update' && 'update' in proposal
            ? updateLeafNode(before, proposal.update.leafNode, toLeafIndex(v.proposal_sender))
            : proposal?.proposalType === 'remove' && 'remove' in proposal
              ? removeLeafNode(before, toLeafIndex(proposal.remove.removed))
              : [];
      expect(hexFromBytes(encodeRatchetTree(after))).toBe(v.tree_after);
      expect(hexFromBytes(await treeHashRoot(after, hash))).toBe(v.tree_hash_after);
      count('tree-operations');
    }
  });

  test('tree-validation', async () => {
    interface Vector {
      cipher_suite: number;
      tree: string;
      group_id: string;
      tree_hashes: string[];
      resolutions: number[][];
    }
    for (const v of vectorsOf<Vector>('tree-validation')) {
      const cs = await suiteNumber(v.cipher_suite);
      const tree = treeOf(v.tree);
      for (const [i, nodes] of v.resolutions.entries()) expect(resolution(tree, toNodeIndex(i))).toEqual(nodes);
      for (const [i, should] of v.tree_hashes.entries()) {
        expect(hexFromBytes(await treeHash(tree, toNodeIndex(i), cs.hash))).toBe(should);
      }
      expect(await verifyParentHashes(tree, cs.hash)).toBe(true);
      for (const [i, node] of tree.entries()) {
        if (node?.nodeType !== 'leaf') continue;
        expect(await verifyLeafNodeSignature(node.leaf, hex(v.group_id), i / 2, cs.signature)).toBe(true);
      }
      // The whole check of a newcomer, with the unmerged leaves as we patched it.
      const context = contextOf(
        cs,
        { group_id: v.group_id, epoch: 0, confirmed_transcript_hash: '' },
        hex(v.tree_hashes.at(-1) ?? ''),
      );
      const root = await treeHashRoot(tree, cs.hash);
      const { lifetimeConfig, authService } = vectorConfig;
      expect(await validateRatchetTree(tree, context, lifetimeConfig, authService, root, cs)).toBeUndefined();
      count('tree-validation');
    }
  });

  test('treekem', { timeout: 120_000 }, async () => {
    const vectors = vectorsOf<TreeKem>('treekem');
    const chosen = vectors.filter((v) => all || v.cipher_suite === 1 || v.leaves_private.length <= 3);
    for (const v of chosen) {
      await checkTreeKem(v, await suiteNumber(v.cipher_suite));
      count('treekem');
    }
    if (!all) console.log(`treekem: ${chosen.length} of ${vectors.length}; MLS_VECTORS_ALL=1 runs all`);
  });
});

interface TreeKem {
  cipher_suite: number;
  confirmed_transcript_hash: string;
  epoch: number;
  group_id: string;
  leaves_private: {
    encryption_priv: string;
    index: number;
    path_secrets: { node: number; path_secret: string }[];
    signature_priv: string;
  }[];
  ratchet_tree: string;
  update_paths: {
    commit_secret: string;
    path_secrets: (string | null)[];
    sender: number;
    tree_hash_after: string;
    update_path: string;
  }[];
}

async function checkTreeKem(v: TreeKem, cs: CiphersuiteImpl): Promise<void> {
  const tree = treeOf(v.ratchet_tree);
  const context = contextOf(cs, v, await treeHashRoot(tree, cs.hash));
  for (const update of v.update_paths) {
    const path = decodeUpdatePath(hex(update.update_path), 0)?.[0];
    if (path === undefined) throw new Error('unreadable');
    const sender = toLeafIndex(update.sender);
    const after = await applyUpdatePath(tree, sender, path, cs.hash);
    const treeHashAfter = await treeHashRoot(after, cs.hash);
    expect(hexFromBytes(treeHashAfter)).toBe(update.tree_hash_after);
    const next = { ...context, epoch: context.epoch, treeHash: treeHashAfter };
    for (const leaf of v.leaves_private) {
      if (leaf.index === update.sender) continue;
      const privatePath = await keysOf(leaf, tree, cs);
      const { nodeIndex, pathSecret } = await applyUpdatePathSecret(after, privatePath, sender, next, path, [], cs);
      expect(hexFromBytes(pathSecret)).toBe(update.path_secrets[leaf.index]);
      expect(hexFromBytes(await getCommitSecret(after, toNodeIndex(nodeIndex), pathSecret, cs.kdf))).toBe(
        update.commit_secret,
      );
    }

    // A path of our own, from the same sender, opens for everybody.
    const own = v.leaves_private.find((leaf) => leaf.index === update.sender);
    if (own === undefined) throw new Error('no such leaf');
    const made = await createUpdatePath(
      tree,
      sender,
      { ...context, epoch: context.epoch - 1n },
      hex(own.signature_priv),
      cs,
    );
    const [madeTree, madePath, secrets] = made;
    const secret = pathToPathSecrets(secrets);
    const madeContext = { ...context, treeHash: await treeHashRoot(madeTree, cs.hash) };
    for (const leaf of v.leaves_private) {
      if (leaf.index === update.sender) continue;
      const privatePath = await keysOf(leaf, tree, cs);
      const got = await applyUpdatePathSecret(madeTree, privatePath, sender, madeContext, madePath, [], cs);
      expect(hexFromBytes(got.pathSecret)).toBe(hexFromBytes(secret[got.nodeIndex] ?? new Uint8Array()));
    }
  }
}

/** The private keys of a leaf; each fits the public key that the tree has in its place. */
async function keysOf(leaf: TreeKem['leaves_private'][number], tree: RatchetTree, cs: CiphersuiteImpl) {
  const own = leafToNodeIndex(toLeafIndex(leaf.index));
  const privateKeys: Record<number, Uint8Array> = { [own]: hex(leaf.encryption_priv) };
  for (const { node, path_secret: secret } of leaf.path_secrets) {
    const pair = await cs.hpke.deriveKeyPair(await deriveSecret(hex(secret), 'node', cs.kdf));
    const there = tree[node];
    if (there?.nodeType !== 'parent') throw new Error('blank');
    expect(hexFromBytes(await cs.hpke.exportPublicKey(pair.publicKey))).toBe(hexFromBytes(there.parent.hpkePublicKey));
    privateKeys[node] = await cs.hpke.exportPrivateKey(pair.privateKey);
  }
  return { leafIndex: leaf.index, privateKeys };
}

const contextOf = (
  cs: CiphersuiteImpl,
  v: { group_id: string; epoch: number; confirmed_transcript_hash: string },
  hash: Uint8Array,
): GroupContext => ({
  version: 'mls10',
  cipherSuite: cs.name,
  groupId: hex(v.group_id),
  epoch: BigInt(v.epoch),
  treeHash: hash,
  confirmedTranscriptHash: hex(v.confirmed_transcript_hash),
  extensions: [],
});
