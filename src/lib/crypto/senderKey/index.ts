/** Sender keys (protocol.md §3): what the engine uses of them. */
export { authenticateRun, type AuthenticatedRun } from './authenticate.ts';
export {
  chainFromBytes,
  chainToBytes,
  deriveChains,
  pruneSkipped,
  type ChainContext,
  type SenderChain,
  type SkippedKey,
} from './chain.ts';
export { MAX_AHEAD, type SenderKeyErrorCode, type SenderKeyFault } from './fault.ts';
export { MAX_PLAINTEXT, readHeader, type RecordHeader } from './layout.ts';
export { openAuthenticated, openRun, type OpenedRecord, type OpenedRun } from './open.ts';
export { draftRecord, sealRecord, signDraft, type RecordDraft } from './seal.ts';
