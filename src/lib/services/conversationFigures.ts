import type { ConversationId } from '../core/ids.ts';
import { err, ok, type Result } from '../core/result.ts';
import { messagesByDay, messageStatistics } from '../db/messages/statistics.ts';
import { getRoom } from '../db/rooms.ts';
import { memberGrowth } from '../db/statistics.ts';
import type { Composer } from '../sync/compose.ts';
import type { ConversationFigures } from './settingsClient.ts';
import { namesOf } from './viewer.ts';

const DAY_MS = 24 * 60 * 60_000;
const DAYS = 30;
const STEPS = 12;
const MOST_PEOPLE = 5;

/** Numbers of one conversation, read from counters. Refused: `not-found`. */
export async function conversationFigures(
  { store, identity, clock }: Composer,
  id: ConversationId,
): Promise<Result<ConversationFigures>> {
  const room = await getRoom(store, id);
  if (room === undefined) return err({ code: 'not-found', retry: 'never' });
  const now = clock.now();
  const statistics = await messageStatistics(store, id);
  const busiest = statistics.bySender.slice(0, MOST_PEOPLE);
  const names = await namesOf(
    { store, identity },
    busiest.map(({ senderId }) => senderId),
  );
  const days = await messagesByDay(store, { from: now - (DAYS - 1) * DAY_MS, to: now }, id);
  return ok({
    messages: statistics.count,
    days: days.map(({ day, count }) => ({ day, count })),
    types: [...statistics.byType].map(([type, { count }]) => ({ type, count })).sort((a, b) => b.count - a.count),
    people: busiest.map(({ senderId, count }) => ({
      name: senderId === identity.account ? '' : (names.get(senderId) ?? '?'),
      count,
    })),
    members: await membersOverTime(),
  });

  async function membersOverTime(): Promise<ConversationFigures['members']> {
    if (room?.groupId === undefined) return [];
    const from = Math.min(room.createdAt, now - DAY_MS);
    const step = Math.ceil((now + 1 - from) / STEPS);
    const grown = await memberGrowth(store, room.groupId, { from, to: now + 1, step });
    let sum = 0;
    return grown.map((one) => ({ at: one.from, count: (sum += one.count) }));
  }
}
