import {
  createCommit,
  emptyPskIndex,
  encodeMlsMessage,
  type ClientConfig,
  type ClientState,
  type CreateCommitOptions,
  type Extension,
  type Proposal,
} from 'ts-mls';
import { createContentCommitSignature } from 'ts-mls/framedContent.js';
import { protect } from 'ts-mls/messageProtection.js';
import type { Bytes } from '../../../src/lib/core/bytes.ts';
import { unwrap } from '../../../src/lib/core/result.ts';
import { extensionsOf } from '../../../src/lib/crypto/mls/commits.ts';
import { configAt } from '../../../src/lib/crypto/mls/config.ts';
import { callState, groupOf, stateOf } from '../../../src/lib/crypto/mls/group.ts';
import { keyPackageFromBytes } from '../../../src/lib/crypto/mls/messages.ts';
import { algorithmsOf } from '../../../src/lib/crypto/mls/suite.ts';
import type { MlsGroup } from '../../../src/lib/crypto/mls/index.ts';
import type { GroupData } from '../../../src/lib/domain/groupData.ts';
import { NOW } from './world.ts';

/** What a member with a changed client can send: commits past our own checks, with the library or without it. */

const gullible: ClientConfig = {
  ...configAt(NOW).config,
  authService: { validateCredential: () => Promise.resolve(true) },
};

/** A commit of any proposals, made by the library. `change` may alter the state that it is made from. */
export async function rogueCommit(
  group: MlsGroup,
  extraProposals: Proposal[],
  options: { send?: CreateCommitOptions; change?: (state: ClientState) => ClientState } = {},
): Promise<{ commit: Bytes; welcome: Bytes | undefined; next: MlsGroup }> {
  const state = (options.change ?? ((same) => same))(callState(group, gullible));
  const cipherSuite = await algorithmsOf(state.groupContext.cipherSuite);
  const made = await createCommit(
    { state, cipherSuite, pskIndex: emptyPskIndex },
    { extraProposals, ratchetTreeExtension: true, ...options.send },
  );
  return {
    commit: Uint8Array.from(encodeMlsMessage(made.commit)),
    welcome:
      made.welcome === undefined
        ? undefined
        : Uint8Array.from(encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome: made.welcome })),
    next: groupOf(made.newState),
  };
}

/** A signed commit without a path, whatever its proposals. Its confirmation tag is nonsense. */
export async function pathlessCommit(group: MlsGroup, proposals: Proposal[]): Promise<Bytes> {
  const state = stateOf(group);
  const cs = await algorithmsOf(state.groupContext.cipherSuite);
  const { leafIndex } = state.privatePath;
  const nothing = new Uint8Array();
  const { framedContent, signature } = await createContentCommitSignature(
    state.groupContext,
    'mls_private_message',
    { proposals: proposals.map((proposal) => ({ proposalOrRefType: 'proposal', proposal })), path: undefined },
    { senderType: 'member', leafIndex },
    nothing,
    state.signaturePrivateKey,
    cs.signature,
  );
  const auth = { contentType: 'commit', signature, confirmationTag: new Uint8Array(32) } as const;
  const { privateMessage } = await protect(
    state.keySchedule.senderDataSecret,
    nothing,
    state.groupContext,
    state.secretTree,
    { ...framedContent, auth },
    leafIndex,
    gullible.paddingConfig,
    cs,
  );
  return Uint8Array.from(encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage }));
}

export const addOf = (keyPackage: Bytes): Proposal => ({
  proposalType: 'add',
  add: { keyPackage: unwrap(keyPackageFromBytes(keyPackage)) },
});

export const removeOf = (removed: number): Proposal => ({ proposalType: 'remove', remove: { removed } });

export const rewriteOf = (data: GroupData, left: readonly Bytes[] = []): Proposal =>
  extensionsProposal(unwrap(extensionsOf({ data, left })));

export const extensionsProposal = (extensions: Extension[]): Proposal => ({
  proposalType: 'group_context_extensions',
  groupContextExtensions: { extensions },
});
