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
      after: '11a7aac01d122dfcd512a0d13f1eb6ad4745ed0b8116e6846d8b1acfa7c22de3',
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
          why: `The engine runs under a clock of its own (simulation, tests, devices with a wrong clock), so the
            caller says what time it is.`,
          find: `const currentTime = BigInt(Math.floor(Date.now() / 1000));`,
          replace: `const currentTime = config.currentTime === undefined ? BigInt(Math.floor(Date.now() / 1000)) : config.currentTime();`,
        },
      ],
    },
    {
      file: 'dist/src/createCommit.js',
      before: '2813d68a1457a55470bbb1f2d223e12aa61c69e18a177f920c51cbdccc4bb004',
      after: 'aa21b3a4fde7d09ff139ac7aa2af7dbae7024b7d504cab516ac259de12bc6846',
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
