/**
 * MLS (RFC 9420) for the rest of the client: the door to the library. Values go in and out; nothing
 * here keeps state, stores anything or talks to a network. Coming into groups of others, following
 * and coming back have a door of their own, `follow.ts`, which is loaded when somebody else did something.
 */
export { stageCommit, type Change } from './commits.ts';
export { isAnswer, isPlea } from './entryKinds.ts';
export { createMlsGroup } from './creating.ts';
export { takeExporterSecret } from './exporter.ts';
export type { MlsFault, MlsFaultCode } from './fault.ts';
export {
  authenticatorHashOf,
  dataOf,
  epochOf,
  groupIdOf,
  isActive,
  infoKeyOf,
  membersOf,
  ownLeafOf,
  suiteOf,
  type MlsGroup,
  type MlsIdentity,
  type MlsMember,
} from './group.ts';
export { groupFromBytes, groupToBytes } from './groupBytes.ts';
export { joinLink } from './groupDataCodec.ts';
export { groupInfoBytes, sealGroupInfo } from './groupInfo.ts';
export { doorOf } from './joinLink.ts';
export { createKeyPackages, readKeyPackage, type NewKeyPackage, type ReadKeyPackage } from './keyPackages.ts';
export { createLeaveNote } from './leaveNote.ts';
export { CLASSICAL_SUITE, SUITE, type SuiteId } from './suite.ts';
export type { StagedCommit } from './transition.ts';
