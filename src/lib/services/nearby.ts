import * as v from 'valibot';
import type { Bytes } from '../core/bytes.ts';
import type { MessageId } from '../core/ids.ts';
import { err, ok, type Fault } from '../core/result.ts';
import { SEALED_CHUNK, sealedSize } from '../crypto/fileCipher.ts';
import { wholeMessage } from '../db/messages/find.ts';
import type { OfflineOperationRow } from '../db/store.ts';
import { readBlob } from '../protocol/blobs.ts';
import { bytesFromNearby, nearbyFromBytes, type NearbyMessage } from '../protocol/nearby.ts';
import { recordsFor, sharesGroup, takeRecords } from '../sync/handing.ts';
import { createMeeting, type NearbyPeer } from '../sync/nearbyMeeting.ts';
import type { RelayClient } from '../sync/relayClient.ts';
import type { Session } from '../sync/session.ts';
import { networkFault } from '../sync/transport.ts';
import { openFile } from './files.ts';
import type { NearbyLink, NearbyState } from './nearbyClient.ts';

/** One exchange with a device that is near. */
export interface Nearby {
  take(frame: Bytes): Promise<void>;
  end(): void;
}

/**
 * Meets the device at the other end of a link, and hands over records and files as long as the link is there.
 * Frames are taken one after the other; what a fault of the other side's ends is only the exchange.
 */
export function createNearby(
  session: Session,
  link: NearbyLink,
  send: (frame: Bytes) => void,
  show: (state: NearbyState) => void,
): Nearby {
  const meeting = createMeeting(session, link.role, link);
  let state: NearbyState = { step: 'meeting', isStranger: false, given: 0, taken: 0, files: 0, filesWanted: 0 };
  let peer: NearbyPeer | undefined;
  let order = Promise.resolve();
  let stopGiving = () => {};
  const isOver = () => state.step === 'over';
  const tell = (change: Partial<NearbyState>) => {
    if (isOver()) return;
    state = { ...state, ...change };
    show(state);
  };
  const say = (message: NearbyMessage) => {
    if (!isOver()) send(bytesFromNearby(message));
  };
  const files = createFileAsking(session, say);
  const finish = (fault?: Fault) => {
    if (isOver()) return;
    stopGiving();
    files.end();
    tell({ step: 'over', ...(fault === undefined ? {} : { fault }) });
  };

  const given = new Set<string>();
  const give = async () => {
    if (peer === undefined || isOver()) return;
    for (const { message, operations } of await recordsFor(session, peer, (id) => given.has(id))) {
      tell({ step: 'exchanging' });
      say(message);
      for (const { id } of operations) given.add(id);
      await files.offer(operations);
      tell({ given: state.given + operations.filter(({ change, messageId }) => messageId && !change).length });
    }
    say({ k: 'given' });
  };
  const giveInTurn = () => void (order = order.then(give));

  const begin = async (met: NearbyPeer) => {
    const { account } = met;
    const contact = await session.store.contacts.get(account);
    if (contact?.isBlocked === true) return finish();
    const name = contact?.displayName ?? (await session.store.users.get(account))?.displayName ?? '';
    peer = met;
    tell({ step: 'exchanging', person: { account, name }, isStranger: !(await sharesGroup(session, met)) });
    // At once, and whenever something more waits: also the receipts for what they hand over.
    stopGiving = session.store.live(() => session.store.offlineOperations.toCollection().primaryKeys(), giveInTurn);
  };

  const take = async (message: NearbyMessage): Promise<void> => {
    if (message.k === 'bye') return finish();
    if (message.k === 'hello') {
      const proof = await meeting.takeHello(message);
      return proof.ok ? say(proof.value) : finish(proof.error);
    }
    if (message.k === 'proof') {
      const met = await meeting.takeProof(message);
      return met.ok ? begin(met.value) : finish(met.error);
    }
    if (peer === undefined) return finish({ code: 'nearby-untrue', retry: 'person' });
    switch (message.k) {
      case 'records': {
        tell({ step: 'exchanging' });
        const fresh = await takeRecords(session, peer, message);
        tell({ taken: state.taken + fresh.length });
        void files.fetch(fresh, (change) =>
          tell({ files: state.files + change.files, filesWanted: state.filesWanted + change.filesWanted }),
        );
        return;
      }
      case 'given':
        return tell({ step: 'idle' });
      case 'read':
        return say(await files.read(message));
      case 'bytes':
        return files.answered(message);
    }
  };

  show(state);
  say(meeting.hello);
  return {
    take(frame) {
      const decoded = nearbyFromBytes(frame);
      if (!decoded.ok) finish(decoded.error);
      // An answer is waited for by what is under way: it must not queue behind that.
      else if (decoded.value.k === 'bytes') files.answered(decoded.value);
      else {
        const { value } = decoded;
        order = order.then(() => (isOver() ? undefined : take(value)));
      }
      return order;
    },
    end() {
      say({ k: 'bye', reason: '' });
      finish();
    },
  };
}

/** Files over the link: asks for those on messages that came, and answers for those on messages that were given. */
function createFileAsking(session: Session, say: (message: NearbyMessage) => void) {
  const { store } = session;
  /** Transfers by the id of their blob: nobody is told of others. */
  const offered = new Map<string, string>();
  const asked = new Map<number, (answer: Extract<NearbyMessage, { k: 'bytes' }> | undefined) => void>();
  let questions = 0;
  let isOver = false;
  let fetching = Promise.resolve();

  const ask = (blob: string, offset: number, length: number) => {
    const n = questions++;
    const answer = Promise.withResolvers<Extract<NearbyMessage, { k: 'bytes' }> | undefined>();
    if (isOver) answer.resolve(undefined);
    asked.set(n, answer.resolve);
    say({ k: 'read', n, blob, offset, length });
    return answer.promise;
  };
  /** Blobs come from the device that is near instead of from a relay. */
  const call: RelayClient['call'] = async (endpoint, path, request) => {
    const blob = /^blobs\/([^/]+)\/read$/.exec(path)?.[1];
    const range = v.safeParse(readBlob.request, request);
    if (blob === undefined || !range.success) return err(networkFault('not near'));
    const answer = await ask(blob, range.output.offset, range.output.length);
    if (answer === undefined || answer.size === 0) return err(networkFault('not near'));
    const parsed = v.safeParse(endpoint.answer, { size: answer.size, bytes: answer.bytes });
    return parsed.success ? ok(parsed.output) : err(networkFault('malformed'));
  };
  const near: Session = { ...session, relay: { ...session.relay, call } };

  return {
    async offer(operations: readonly OfflineOperationRow[]): Promise<void> {
      for (const { messageId } of operations) {
        const whole = messageId === undefined ? undefined : await wholeMessage(store, messageId);
        for (const { transferId } of whole?.attachments ?? []) {
          const transfer = transferId === undefined ? undefined : await store.fileTransfers.get(transferId);
          if (transfer?.blobId !== undefined) offered.set(transfer.blobId, transfer.transferId);
        }
      }
    },
    async read({ n, blob, offset }: Extract<NearbyMessage, { k: 'read' }>): Promise<NearbyMessage> {
      const transferId = offered.get(blob);
      const transfer = transferId === undefined ? undefined : await store.fileTransfers.get(transferId);
      const row = transfer && (await store.fileChunks.get([transfer.transferId, offset / SEALED_CHUNK]));
      if (transfer === undefined || row === undefined) return { k: 'bytes', n, size: 0, bytes: new Uint8Array() };
      return { k: 'bytes', n, size: sealedSize(transfer.fileSize), bytes: new Uint8Array(row.chunk) };
    },
    answered(message: Extract<NearbyMessage, { k: 'bytes' }>): void {
      asked.get(message.n)?.(message);
      asked.delete(message.n);
    },
    /** Fetches the files on messages, one after the other. */
    async fetch(
      messages: readonly MessageId[],
      came: (change: { readonly files: number; readonly filesWanted: number }) => void,
    ): Promise<void> {
      for (const id of messages) {
        const count = (await wholeMessage(store, id))?.attachments.length ?? 0;
        if (count > 0) came({ files: 0, filesWanted: count });
        for (let index = 0; index < count; index++) {
          fetching = fetching.then(async () => {
            const opened = isOver ? undefined : await openFile(near, id, index);
            if (opened?.ok === true) came({ files: 1, filesWanted: 0 });
          });
        }
      }
      await fetching;
    },
    end(): void {
      isOver = true;
      for (const resolve of asked.values()) resolve(undefined);
      asked.clear();
    },
  };
}
