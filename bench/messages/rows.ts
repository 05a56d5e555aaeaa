import { base64urlFromBytes } from '../../src/lib/core/bytes.ts';
import { sortKeyOf } from '../../src/lib/core/clock.ts';
import type { AccountId, ConversationId, DeviceId, MessageId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import type { MessageRow } from '../../src/lib/db/store.ts';

const WORDS = (
  'the of and to in is you that it he was for on are as with his they at be this have from or one had by word but ' +
  'not what all were we when your can said there use an each which she do how their if will up other about out many'
).split(' ');

/** Messages of about twelve words from twenty people, one every ten minutes, oldest first. */
export function createRows(random: Random, conversationId: ConversationId, count: number, end: number): MessageRow[] {
  const senders = Array.from({ length: 20 }, () => ({
    senderId: base64urlFromBytes(random.bytes(32)) as AccountId,
    deviceId: base64urlFromBytes(random.bytes(16)) as DeviceId,
  }));
  return Array.from({ length: count }, (_, i) => {
    const picks = random.bytes(29);
    const id = base64urlFromBytes(picks.slice(0, 16)) as MessageId;
    const { senderId, deviceId } = senders[(picks[16] ?? 0) % senders.length] ?? { senderId: '', deviceId: '' };
    const timestamp = end - (count - i) * 600_000;
    return {
      id,
      conversationId,
      senderId: senderId as AccountId,
      type: 'text',
      content: Array.from(picks.slice(17), (pick) => WORDS[pick % WORDS.length]).join(' '),
      isOutgoing: false,
      isEncrypted: true,
      status: 'delivered',
      sortKey: sortKeyOf({ ms: timestamp, count: 0 }, deviceId as DeviceId),
      timestamp,
      isDeleted: false,
      createdAt: timestamp,
      updatedAt: timestamp,
    };
  });
}
