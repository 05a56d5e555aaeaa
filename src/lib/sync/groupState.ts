import type { GroupId } from '../core/ids.ts';
import { groupFromBytes, type MlsGroup } from '../crypto/mls/index.ts';
import type { MlsGroupRow } from '../db/store.ts';
import type { Session } from './session.ts';

/** The group's lock: whoever changes its MLS state holds it, in whichever tab. */
export const groupLock = (groupId: GroupId): string => `group:${groupId}`;

/** The state of a group, or `undefined` where it can't be read any more. */
export function tryRead(stored: MlsGroupRow, session: Pick<Session, 'identity'>): MlsGroup | undefined {
  const group = groupFromBytes(stored.state, session.identity);
  return group.ok ? group.value : undefined;
}

/** The state of a group that must be readable. */
export function read(stored: MlsGroupRow, session: Pick<Session, 'identity'>): MlsGroup {
  const group = tryRead(stored, session);
  if (group === undefined) throw new Error('a stored group state does not decode');
  return group;
}
