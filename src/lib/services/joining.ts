import { utf8 } from '../core/bytes.ts';
import type { ConversationId } from '../core/ids.ts';
import { err, ok, refuse, settle, type Fault, type Result } from '../core/result.ts';
import { inviteChecksum } from '../crypto/identity.ts';
import { createJoinLink, keyOfLink, tokenOfLink } from '../crypto/mls/follow.ts';
import { dataOf } from '../crypto/mls/index.ts';
import { loadMlsGroup } from '../db/mlsGroups.ts';
import { wishesIn } from '../db/outbox.ts';
import { ensureConversation } from '../db/roster.ts';
import { entryOf } from '../domain/groupData.ts';
import { joinCodeFromText, textFromJoinCode, type JoinCode } from '../protocol/joinCode.ts';
import { limits } from '../protocol/limits.ts';
import type { Composer } from '../sync/compose.ts';
import { read } from '../sync/groupState.ts';
import type { Wanted } from '../sync/intents.ts';
import { lookBehind } from '../sync/joinByLink.ts';
import { queueIntent } from '../sync/queueIntent.ts';
import type { Session } from '../sync/session.ts';
import { groupTables } from './groups.ts';
import type { JoinPreview } from './groupViews.ts';
import { groupWithRight } from './membership.ts';

/** The text of a group's join link; `undefined` where it has none. Refused: `not-a-member`. */
export async function joinLinkOf(session: Session, id: ConversationId): Promise<Result<string | undefined>> {
  const group = (await session.store.conversations.get(id))?.groupId;
  const stored = group === undefined ? undefined : await loadMlsGroup(session.store, group);
  if (group === undefined || stored === undefined) return err({ code: 'not-a-member', retry: 'person' });
  const { link } = dataOf(read(stored, session));
  if (link === undefined) return ok(undefined);
  const { secret, password } = link;
  return ok(textFromJoinCode({ group, secret, ...(password === undefined ? {} : { password }) }, inviteChecksum));
}

/**
 * Another link in place of the one there is, which leads nowhere from then on; or, with `null`, none.
 * @param password of the new link; empty for none. Refused: `not-a-member`, `not-allowed`, `bad-password`.
 */
export async function changeJoinLink(
  composer: Composer,
  id: ConversationId,
  password: string | null,
): Promise<Result<void>> {
  if (utf8(password ?? '').length > limits.joinPassword) return err({ code: 'bad-password', retry: 'person' });
  const made = password === null ? ok(undefined) : await createJoinLink(composer.random, password);
  if (!made.ok) return made;
  const link = made.value;
  return settle(
    composer.store.tx('rw', groupTables, async () => {
      const { groupId } = await groupWithRight(composer, id, 'change-settings');
      const group = await composer.store.groups.get(groupId);
      if (group?.groupType !== 'public') refuse({ code: 'not-allowed', retry: 'person' });
      await queueIntent(composer, id, { what: 'link', groupId, ...(link === undefined ? {} : { link }) });
    }),
  );
}

/**
 * What a link leads to. Needs the relay.
 * Refused: `malformed`, `wrong-version`, `wire-too-large`, `password-needed`, and as `lookBehind`.
 */
export async function lookAtLink(session: Session, text: string, password = ''): Promise<Result<JoinPreview>> {
  const wanted = await wantedFrom(text, password);
  if (!wanted.ok) return wanted;
  const behind = await lookBehind(session, wanted.value);
  if (!behind.ok) return behind;
  const { name, description, roster, maxMembers } = behind.value.data;
  const isMember = (await session.store.mlsGroups.get(wanted.value.groupId)) !== undefined;
  const isKnown = entryOf(behind.value.data, session.identity.account) !== undefined;
  return ok({
    conversation: wanted.value.groupId as string as ConversationId,
    name,
    description,
    people: roster.length,
    isFull: !isKnown && roster.length >= maxMembers,
    isMember,
  });
}

/**
 * Goes into the group behind a link as soon as the relay can be reached. Works offline.
 * @param name of the group, where it is known by now. Refused: as {@link lookAtLink}, but for what only the
 *   relay knows.
 */
export async function joinGroup(
  composer: Composer,
  text: string,
  options: { readonly password?: string; readonly name?: string },
): Promise<Result<ConversationId>> {
  const wanted = await wantedFrom(text, options.password ?? '');
  if (!wanted.ok) return wanted;
  const { store, clock } = composer;
  const { groupId } = wanted.value;
  const id = groupId as string as ConversationId;
  return settle(
    store.tx('rw', groupTables, async () => {
      const now = clock.now();
      if ((await store.mlsGroups.get(groupId)) !== undefined) return id;
      const waiting = await wishesIn(store, id);
      for (const operation of waiting) {
        // Another try takes the place of the one before it.
        if (operation.operationType === 'join') await store.offlineOperations.delete(operation.id);
      }
      const title = options.name ?? '';
      if ((await store.groups.get(groupId)) === undefined) {
        await store.groups.add({
          groupId,
          name: title,
          groupType: 'public',
          joinRule: 'open',
          maxMembers: limits.groupMembers,
          isAnonymous: false,
          isActive: true,
          createdAt: now,
          updatedAt: now,
        });
      }
      if ((await store.conversations.get(id)) === undefined) {
        await ensureConversation(store, { id, kind: 'group', groupId, title }, now);
      }
      await queueIntent(composer, id, wanted.value);
      return id;
    }),
  );
}

/** The wish that a link and a password make. */
async function wantedFrom(
  text: string,
  password: string,
): Promise<Result<Omit<Wanted<'join'>, 'groupId'> & { readonly groupId: JoinCode['group'] }, Fault>> {
  const code = joinCodeFromText(text, inviteChecksum);
  if (!code.ok) return code;
  const { group, secret, password: kind } = code.value;
  if (kind !== undefined && password === '') return err({ code: 'password-needed', retry: 'person' });
  const key = await keyOfLink(secret, kind, password);
  return key.ok ? ok({ what: 'join', groupId: group, token: tokenOfLink(secret), key: key.value }) : key;
}
