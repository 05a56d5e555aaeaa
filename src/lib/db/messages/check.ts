import { refuseStorage } from '../faults.ts';
import { schema } from '../schema.ts';
import { validate } from '../validation.ts';
import type { StoredMessage } from './whole.ts';

/**
 * Holds a message that is put into a block against the rules of the tables that its parts would be rows of.
 * Refused: `validation`, `constraint`.
 */
export function checkStored({ row, body, changes, reactions, receipts, attachments }: StoredMessage): void {
  validate('messages', schema.messages, row, false);
  for (const one of body === undefined ? [] : [body]) {
    validate('messageContents', schema.messageContents, one, false);
  }
  for (const one of changes) validate('messageChanges', schema.messageChanges, one, false);
  for (const one of reactions) validate('messageReactions', schema.messageReactions, one, false);
  for (const one of receipts) validate('messageReadReceipts', schema.messageReadReceipts, one, false);
  for (const one of attachments) validate('fileAttachments', schema.fileAttachments, one, false);
  for (const one of [...changes, ...reactions, ...receipts, ...attachments]) {
    if (one.messageId !== row.id) refuseStorage('constraint', { entity: 'messages', field: 'messageId' });
  }
}
