/**
 * MLS (RFC 9420) for the rest of the client: the only door to the library. Values go in and out; nothing
 * here keeps state, stores anything or talks to a network.
 */
export { processCommit, stageCommit, type Change, type ProcessedCommit, type StagedCommit } from './commits.ts';
export { takeExporterSecret } from './exporter.ts';
export type { MlsFault, MlsFaultCode } from './fault.ts';
export {
  authenticatorHashOf,
  dataOf,
  epochOf,
  groupIdOf,
  isActive,
  membersOf,
  ownLeafOf,
  suiteOf,
  type MlsGroup,
  type MlsIdentity,
  type MlsMember,
} from './group.ts';
export { groupFromBytes, groupToBytes } from './groupBytes.ts';
export { createMlsGroup, joinFromWelcome, welcomeRefs } from './join.ts';
export { createKeyPackages, readKeyPackage, type NewKeyPackage, type ReadKeyPackage } from './keyPackages.ts';
export { createLeaveNote } from './leaveNote.ts';
export { CLASSICAL_SUITE, SUITE, type SuiteId } from './suite.ts';
