import type * as v from 'valibot';
import { equal } from '../core/bytes.ts';
import type { StreamId } from '../core/ids.ts';
import { ok, refuse } from '../core/result.ts';
import { relayFault } from '../protocol/errors.ts';
import type { groupInfo as groupInfoEndpoint } from '../protocol/requests.ts';
import type { Caller, Outcome, RelayContext } from './context.ts';
import { sha256 } from './sha256.ts';
import type { DoorRow, StreamTables } from './store/port.ts';

/**
 * What the newest commit of a group left for members' devices that can't follow it any more; sealed, so
 * that the relay learns nothing from it. Only for present members: who was removed gets none. And for whoever
 * shows the token of the group's link, with the box that it opens.
 * Errors: `not-found` (no such stream), `forbidden` (the device is no member and shows no token that is good,
 * or it is a mailbox).
 */
export async function groupInfo(
  context: RelayContext,
  caller: Caller,
  stream: StreamId,
  { through }: v.InferOutput<typeof groupInfoEndpoint.request>,
): Outcome<v.InferOutput<typeof groupInfoEndpoint.answer>> {
  return context.store.read(async ({ streams }) => {
    const row = (await streams.lockStream(stream)) ?? refuse(relayFault('not-found', 'stream'));
    const member = await streams.findMember(stream, caller.device);
    const door = through === undefined ? undefined : await doorBehind(streams, stream, through);
    const isIn = member !== undefined && member.until === undefined;
    if (row.kind === 'mailbox' || (!isIn && door === undefined)) refuse(relayFault('forbidden'));
    const info = await streams.findInfo(stream);
    return ok({
      epoch: row.epoch,
      head: row.head,
      ...(info === undefined ? {} : { info }),
      ...(door === undefined ? {} : { box: door.box }),
    });
  });
}

/** The door of a stream, for whoever shows its token. */
export async function doorBehind(
  streams: Pick<StreamTables, 'findDoor'>,
  stream: StreamId,
  token: Uint8Array,
): Promise<DoorRow | undefined> {
  const door = await streams.findDoor(stream);
  return door !== undefined && equal(door.token, sha256(token)) ? door : undefined;
}
