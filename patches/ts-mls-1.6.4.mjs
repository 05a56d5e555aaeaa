/**
 * What we change in ts-mls 1.6.4, and why. Each change replaces a text that occurs exactly once.
 * `scripts/applyPatches.mjs` applies it after an install and refuses any other version or content.
 * Each change has a regression test in `tests/crypto/mls/libraryFaults.test.ts`.
 */
export default {
  package: 'ts-mls',
  version: '1.6.4',
  files: [
    {
      file: 'dist/src/clientState.js',
      before: '63645bc3be6ec7f6d4f6d88af5c0b63e34f5e1fea693c62bd958d228b51b6f61',
      after: 'c1f338cbac590b3f0b6d78c6fc35c5e79d5f6a40ed82ef9876fd5df820fb65f6',
      changes: [
        {
          why: `RFC 9420 §12.4.3.1: an entry of unmerged_leaves is a non-blank leaf below the node, and every
            non-blank node between the two lists it. The library compared whole lists on every node up to the
            root, so that valid Welcomes were refused, and it accepted a leaf outside the node's subtree.`,
          find: `                const leafIndex = toLeafIndex(unmergedLeaf);
                const dp = directPath(leafToNodeIndex(leafIndex), leafWidth(tree.length));
                const nodeIndex = leafToNodeIndex(leafIndex);
                if (tree[nodeIndex]?.nodeType !== "leaf" && !dp.includes(toNodeIndex(i)))
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves))
                            return new ValidationError("non-blank intermediate node must list leaf node in its unmerged_leaves");
                    }
                }
`,
          replace: `                const leafIndex = toLeafIndex(unmergedLeaf);
                if (tree[leafToNodeIndex(leafIndex)]?.nodeType !== "leaf")
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                const dp = directPath(leafToNodeIndex(leafIndex), leafWidth(tree.length));
                const depth = dp.indexOf(nodeIndex);
                if (depth < 0)
                    return new ValidationError("Unmerged leaf did not represent a non-blank descendant leaf node");
                for (const parentIdx of dp.slice(0, depth)) {
                    const dpNode = tree[parentIdx];
                    if (dpNode !== undefined) {
                        if (dpNode.nodeType !== "parent")
                            return new InternalError("Expected parent node");
                        if (!dpNode.parent.unmergedLeaves.includes(leafIndex))
                            return new ValidationError("non-blank intermediate node must list leaf node in its unmerged_leaves");
                    }
                }
`,
        },
        {
          why: 'The import that the change above leaves unused.',
          find: `import { arraysEqual } from "./util/array.js";
`,
          replace: '',
        },
        {
          why: `RFC 9420 §12.4, table of proposal types (§17.4): "Path Required" is Y for group_context_extensions.
            The same function serves the sender and the receiver.`,
          find: `const needsUpdatePath = allProposals.length === 0 || Object.values(grouped.update).length > 0 || Object.values(grouped.remove).length > 0;`,
          replace: `const needsUpdatePath = allProposals.length === 0 || grouped.update.length > 0 || grouped.remove.length > 0 || grouped.group_context_extensions.length > 0;`,
        },
        {
          why: `Whoever is removed by a commit that also adds somebody finds the newcomer in their own leaf, and took
            themselves for a member who cannot open the path.`,
          find: `const selfRemoved = mutatedTree[leafToNodeIndex(toLeafIndex(state.privatePath.leafIndex))] === undefined;`,
          replace: `const selfRemoved = grouped.remove.some(({ proposal }) => proposal.remove.removed === state.privatePath.leafIndex);`,
        },
        {
          why: `The engine runs under a clock of its own (simulation, tests, devices with a wrong clock), so the
            caller says what time it is.`,
          find: `const currentTime = BigInt(Math.floor(Date.now() / 1000));`,
          replace: `const currentTime = config.currentTime === undefined ? BigInt(Math.floor(Date.now() / 1000)) : config.currentTime();`,
        },
        {
          why: `RFC 9420 §12.4.3.1: a private key from the path secret must fit the public key in its node. The library
            took whatever the welcomer sent, so that a newcomer could be locked out of every later epoch.`,
          find: `await pathToRoot(tree, ancestorNodeIndex, groupSecrets.pathSecret, cs.kdf), newLeaf, cs), privateKeyPath);`,
          replace: `await pathToRoot(tree, ancestorNodeIndex, groupSecrets.pathSecret, cs.kdf), newLeaf, cs, tree), privateKeyPath);`,
        },
      ],
    },
    {
      file: 'dist/src/createCommit.js',
      before: '2813d68a1457a55470bbb1f2d223e12aa61c69e18a177f920c51cbdccc4bb004',
      after: '3ebc5938bea7d84aeb421432f42578da98a3c82427e2c13d7d63047bf4014561',
      changes: [
        {
          why: `RFC 9420 §12.4.1: path secrets are encrypted under the provisional GroupContext, which already has the
            new extensions. The library sealed them under the old ones, while its receiving side opens them under
            the new ones, so that no commit with both a path and new extensions could be processed.`,
          find: `    const [tree, updatePath, pathSecrets, newPrivateKey] = res.needsUpdatePath
        ? await createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex), state.groupContext, state.signaturePrivateKey, cipherSuite, excludeNodes)
        : [res.tree, undefined, [], undefined];
    const updatedExtensions = res.additionalResult.kind === "memberCommit" && res.additionalResult.extensions.length > 0
        ? res.additionalResult.extensions
        : state.groupContext.extensions;
    const groupContextWithExtensions = { ...state.groupContext, extensions: updatedExtensions };
`,
          replace: `    const updatedExtensions = res.additionalResult.kind === "memberCommit" && res.additionalResult.extensions.length > 0
        ? res.additionalResult.extensions
        : state.groupContext.extensions;
    const groupContextWithExtensions = { ...state.groupContext, extensions: updatedExtensions };
    const [tree, updatePath, pathSecrets, newPrivateKey] = res.needsUpdatePath
        ? await createUpdatePath(res.tree, toLeafIndex(state.privatePath.leafIndex), groupContextWithExtensions, state.signaturePrivateKey, cipherSuite, excludeNodes)
        : [res.tree, undefined, [], undefined];
`,
        },
        {
          why: `RFC 9420 §7.4: the commit secret comes from the last path secret. Where the path has no nodes, because
            nobody else is left, the library took zeros: whoever was removed last could compute the next epoch and,
            as adding needs no path, all that followed. Nobody else derives this one, so it may be random.`,
          find: `    const commitSecret = lastPathSecret === undefined
        ? new Uint8Array(cipherSuite.kdf.size)
        : await getCommitSecret(tree, toNodeIndex(lastPathSecret.nodeIndex), lastPathSecret.secret, cipherSuite.kdf);
`,
          replace: `    const commitSecret = updatePath === undefined
        ? new Uint8Array(cipherSuite.kdf.size)
        : lastPathSecret === undefined
            ? cipherSuite.rng.randomBytes(cipherSuite.kdf.size)
            : await getCommitSecret(tree, toNodeIndex(lastPathSecret.nodeIndex), lastPathSecret.secret, cipherSuite.kdf);
`,
        },
        {
          why: `A resync whose signature key is on no leaf looked for leaf -0.5 and never came back.`,
          find: `    const formerLeafIndex = resync
        ? nodeToLeafIndex(toNodeIndex(ratchetTree.findIndex((n) => {
            if (n !== undefined && n.nodeType === "leaf") {
                return clientConfig.keyPackageEqualityConfig.compareKeyPackageToLeafNode(keyPackage, n.leaf);
            }
            return false;
        })))
        : undefined;
`,
          replace: `    const formerNodeIndex = resync
        ? ratchetTree.findIndex((n) => {
            if (n !== undefined && n.nodeType === "leaf") {
                return clientConfig.keyPackageEqualityConfig.compareKeyPackageToLeafNode(keyPackage, n.leaf);
            }
            return false;
        })
        : undefined;
    if (formerNodeIndex === -1)
        throw new ValidationError("No leaf of the tree has this signature key");
    const formerLeafIndex = formerNodeIndex === undefined ? undefined : nodeToLeafIndex(toNodeIndex(formerNodeIndex));
`,
        },
      ],
    },
    {
      file: 'dist/src/pathSecrets.js',
      before: 'e794dfd389d3a23a9d95c5af8ada9e4e07ade94f5602a0c73a1959610988aee5',
      after: 'cf1b4158281ab6dc1660b4ced7db51a59c4a7db13c6e74581b1f6364f0666c19',
      changes: [
        {
          why: `RFC 9420 §12.4.1: the commit secret is derived from the last path secret of the *filtered* direct path.
            Where the other half of the tree is empty the root is not on it; the library derived once more.`,
          find: `    const rootIndex = root(leafWidth(tree.length));
    const path = await pathToRoot(tree, nodeIndex, pathSecret, kdf);
    const rootSecret = path[rootIndex];
    if (rootSecret === undefined)
        throw new InternalError("Could not find secret for root");
    return deriveSecret(rootSecret, "path", kdf);
}
`,
          replace: `    const path = await pathToRoot(tree, nodeIndex, pathSecret, kdf);
    const topSecret = path[topOfPath(tree, nodeIndex)];
    if (topSecret === undefined)
        throw new InternalError("Could not find secret for root");
    return deriveSecret(topSecret, "path", kdf);
}
/** The last non-blank node from \`nodeIndex\` towards the root. */
export function topOfPath(tree, nodeIndex) {
    const rootIndex = root(leafWidth(tree.length));
    let top = nodeIndex;
    while (top !== rootIndex) {
        const next = findFirstNonBlankAncestor(tree, top);
        if (tree[next] === undefined)
            break;
        top = next;
    }
    return top;
}
`,
        },
        {
          why: 'So that no key is derived for a blank root.',
          find: `        const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);
`,
          replace: `        const nextIndex = findFirstNonBlankAncestor(tree, currentIndex);
        if (tree[nextIndex] === undefined)
            break;
`,
        },
      ],
    },
    {
      file: 'dist/src/privateKeyPath.js',
      before: '3425dc00a2ea9df465bbe9c82c48569b18cfe4d71312c11d83b8c1557d94cc4e',
      after: '166de9ae41aa7765304d1c43910e0c517c9b3fed2ecf17e2c471c305f1ec0e8a',
      changes: [
        {
          why: `RFC 9420 §12.4.2 and §12.4.3.1: keys from path secrets of others must fit the public keys in the tree.`,
          find: `export async function toPrivateKeyPath(pathSecrets, leafIndex, cs) {`,
          replace: `export async function toPrivateKeyPath(pathSecrets, leafIndex, cs, tree) {`,
        },
        {
          why: 'The check itself.',
          find: `        const { privateKey } = await cs.hpke.deriveKeyPair(nodeSecret);
`,
          replace: `        const { privateKey, publicKey } = await cs.hpke.deriveKeyPair(nodeSecret);
        if (tree !== undefined) {
            const node = tree[Number(nodeIndex)];
            if (node?.nodeType !== "parent" || !constantTimeEqual(node.parent.hpkePublicKey, await cs.hpke.exportPublicKey(publicKey)))
                throw new ValidationError("Path secret does not fit the public key of its node");
        }
`,
        },
        {
          why: 'What the check leans on.',
          find: `import { leafToNodeIndex, toLeafIndex } from "./treemath.js";
`,
          replace: `import { leafToNodeIndex, toLeafIndex } from "./treemath.js";
import { constantTimeEqual } from "./util/constantTimeCompare.js";
import { ValidationError } from "./mlsError.js";
`,
        },
      ],
    },
    {
      file: 'dist/src/processMessages.js',
      before: '76af00782a40c5bd3d8475e99c8f1e0b3e4549ff30d906232188a3f7e8b4163e',
      after: '517de97d7ace1a498b65c9c0d6410361d9adc9e9d9f12083390e172918ff193e',
      changes: [
        {
          why: 'The two changes above, on the receiving side.',
          find: `    const newPkp = mergePrivateKeyPaths(state.privatePath, await toPrivateKeyPath(pathSecrets, state.privatePath.leafIndex, cs));
    const rootIndex = root(leafWidth(tree.length));
    const rootSecret = pathSecrets[rootIndex];
    if (rootSecret === undefined)
        throw new InternalError("Could not find secret for root");
    const commitSecret = await deriveSecret(rootSecret, "path", cs.kdf);
`,
          replace: `    const newPkp = mergePrivateKeyPaths(state.privatePath, await toPrivateKeyPath(pathSecrets, state.privatePath.leafIndex, cs, tree));
    const topSecret = pathSecrets[topOfPath(tree, toNodeIndex(secret.nodeIndex))];
    if (topSecret === undefined)
        throw new InternalError("Could not find secret for root");
    const commitSecret = await deriveSecret(topSecret, "path", cs.kdf);
`,
        },
        {
          why: 'What it leans on.',
          find: `import { pathToRoot } from "./pathSecrets.js";
`,
          replace: `import { pathToRoot, topOfPath } from "./pathSecrets.js";
`,
        },
        {
          why: 'What it no longer needs.',
          find: `import { leafToNodeIndex, leafWidth, nodeToLeafIndex, root, toLeafIndex, toNodeIndex, } from "./treemath.js";
`,
          replace: `import { leafToNodeIndex, leafWidth, nodeToLeafIndex, toLeafIndex, toNodeIndex, } from "./treemath.js";
`,
        },
      ],
    },
    {
      file: 'dist/src/welcome.js',
      before: '58bfbb08de92f1eb3c2e4611f9516c072fb64cec777260e8bbc473ae8b148646',
      after: 'a3b48d49fbd94326f4a1e64d9cd9ef244abeb92924355c7fd6348f5698e815ee',
      changes: [
        {
          why: 'Bytes after a valid GroupInfo were ignored.',
          find: `    const decoded = decodeGroupInfo(decrypted, 0);
    return decoded?.[0];
`,
          replace: `    const decoded = decodeGroupInfo(decrypted, 0);
    return decoded?.[1] === decrypted.length ? decoded[0] : undefined;
`,
        },
        {
          why: 'Bytes after valid GroupSecrets were ignored.',
          find: `    return decodeGroupSecrets(decrypted, 0)?.[0];
`,
          replace: `    const decoded = decodeGroupSecrets(decrypted, 0);
    return decoded?.[1] === decrypted.length ? decoded[0] : undefined;
`,
        },
      ],
    },
  ],
};
