import type { MessageId } from '../core/ids.ts';
import { changesOf, originalOf } from '../db/changes/rows.ts';
import { stampOf } from '../core/clock.ts';
import { wholeMessage } from '../db/messages/find.ts';
import { mergeChanges } from '../domain/messageChanges.ts';
import type { DeliveryItem, VersionItem } from './client.ts';
import { namesOf, type Viewer } from './viewer.ts';

/** Every text that a message had, the first one first; empty where it was never edited or is gone. */
export async function messageHistory({ store }: Viewer, id: MessageId): Promise<VersionItem[]> {
  const whole = await wholeMessage(store, id);
  if (whole === undefined || whole.row.isDeleted) return [];
  const changes = changesOf(whole);
  const merged = mergeChanges(originalOf(whole), changes);
  if (merged.edit === undefined) return [];
  const inConflict = new Set(merged.conflicts.map((edit) => edit.id));
  const edits = merged.log.flatMap((change) => (change.what === 'edit' ? [change] : []));
  return [
    { text: originalOf(whole), at: whole.row.timestamp, isCurrent: false, isConflict: false },
    ...edits.map((edit) => ({
      text: edit.text,
      at: stampOf(edit.at)?.ms ?? 0,
      isCurrent: edit === merged.edit,
      isConflict: inConflict.has(edit.id),
    })),
  ];
}

/** How far an own message got, for everybody who is to have it: by name. Empty for messages of others. */
export async function messageInfo(viewer: Viewer, id: MessageId): Promise<DeliveryItem[]> {
  const { store, identity } = viewer;
  const whole = await wholeMessage(store, id);
  if (whole === undefined || !whole.row.isOutgoing) return [];
  const conversation = await store.conversations.get(whole.row.conversationId);
  const members =
    conversation?.groupId === undefined
      ? [conversation?.contactId ?? []].flat()
      : (await store.groupMembers.where('groupId').equals(conversation.groupId).toArray()).map((row) => row.memberId);
  const receipts = new Map(whole.receipts.map((receipt) => [receipt.userId, receipt]));
  const people = new Set([...members, ...receipts.keys()].filter((account) => account !== identity.account));
  const names = await namesOf(viewer, people);
  return [...people]
    .map((account) => {
      const receipt = receipts.get(account);
      return {
        account,
        name: names.get(account) ?? '?',
        ...(receipt?.deliveredAt === undefined ? {} : { deliveredAt: receipt.deliveredAt }),
        ...(receipt?.readAt === undefined ? {} : { readAt: receipt.readAt }),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}
