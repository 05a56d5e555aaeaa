import type { ConversationId, MessageId } from '../core/ids.ts';
import type { Sender } from './changes.ts';
import type { Content } from './content.ts';
import type { Session } from './session.ts';

/** What is kept of a piece of a workspace, or of what a person keeps for themselves, until it is put together with what is here. */
export interface QueuedPiece {
  readonly conversationId: ConversationId;
  readonly piece: Uint8Array<ArrayBuffer>;
}

/** Of pieces in `syncOperations`. */
export const WORKSPACE = 'workspace';
export const OWN_STATE = 'ownState';

/** Setting: own devices that were told all that this one keeps for their person. */
export const OWN_TOLD = 'ownTold';

/**
 * Puts a piece aside, inside the caller's transaction. It is put together with the rest in the
 * background: that may take a while, and the order does not matter.
 */
export async function queuePiece(
  { store, identity, clock }: Pick<Session, 'store' | 'identity' | 'clock'>,
  conversationId: ConversationId,
  {
    id,
    sender,
    content,
  }: {
    readonly id: MessageId;
    readonly sender: Pick<Sender, 'deviceId'>;
    readonly content: Extract<Content, { k: 'space' | 'own' }>;
  },
): Promise<void> {
  const queued: QueuedPiece = { conversationId, piece: new Uint8Array(content.o) };
  await store.syncOperations.put({
    id,
    userId: identity.account,
    deviceId: sender.deviceId,
    operationType: 'pull',
    ...(content.k === 'own'
      ? { resourceType: OWN_STATE, resourceId: identity.account }
      : { resourceType: WORKSPACE, resourceId: content.w }),
    operationData: queued,
    status: 'pending',
    createdAt: clock.now(),
  });
}
