import type { Clock } from '../core/ports.ts';
import { err, type Fault } from '../core/result.ts';
import type { CairnClient } from './client.ts';

/** What the browser says about the room on this device. */
export interface StorageDevice {
  /** Bytes. */
  estimate(): Promise<{ readonly usage: number; readonly quota: number } | undefined>;
  /** Whether the browser promised not to throw the store out when room gets short. */
  isPersisted(): Promise<boolean>;
}

/** Below either, nothing new is written, so that reading, deleting and what sync has to store still work. */
const LEAST_BYTES = 8 * 1024 * 1024;
const MOST_SHARE = 0.95;
/** The browser is asked again after this. */
const FRESH_MS = 15_000;
/** Between two looks on behalf of somebody who watches. */
const LOOK_MS = 60_000;

const FULL: Fault<'storage-full'> = { code: 'storage-full', retry: 'person' };

/** What brings new content of a person onto the disk. All the rest goes on in a full store. */
const contentWrites = [
  'createGroup',
  'joinGroup',
  'openDirect',
  'openNotes',
  'addPeople',
  'addPerson',
  'changeGroup',
  'setDisappearing',
  'sendText',
  'sendFiles',
  'forwardMessages',
  'sendLater',
  'rewordScheduled',
  'saveProfile',
  'editMessage',
  'react',
  'pin',
  'createWorkspace',
  'addToWorkspace',
  'writeFile',
  'importZip',
  'syncFolder',
  'makeBackup',
  'restoreBackup',
] as const satisfies readonly (keyof CairnClient)[];

/** The client, except that it refuses new content with `storage-full` before the device is full. */
export function withRoom<C extends CairnClient>(client: C, device: StorageDevice | undefined, clock: Clock): C {
  if (device === undefined) return client;
  let asked = { at: -Infinity, isFull: false };
  const isFull = async (): Promise<boolean> => {
    const now = clock.now();
    if (Math.abs(now - asked.at) < FRESH_MS) return asked.isFull;
    const estimate = await device.estimate();
    asked = { at: now, isFull: estimate !== undefined && isTooFull(estimate) };
    return asked.isFull;
  };
  const refusing = Object.fromEntries(
    contentWrites.map((name) => {
      const write = client[name] as (...args: unknown[]) => Promise<unknown>;
      return [name, async (...args: unknown[]) => ((await isFull()) ? err(FULL) : write(...args))];
    }),
  );
  return new Proxy(client, {
    get: (target, name, receiver): unknown =>
      typeof name === 'string' && Object.hasOwn(refusing, name) ? refusing[name] : Reflect.get(target, name, receiver),
  });
}

/** Shows whether the device takes nothing new, at once and from then on. @returns what ends it. */
export function watchRoom(
  device: StorageDevice | undefined,
  clock: Clock,
  show: (isFull: boolean) => void,
): () => void {
  let over = false;
  let cancel = () => {};
  const look = async () => {
    const estimate = await device?.estimate();
    if (over) return;
    show(estimate !== undefined && isTooFull(estimate));
    if (device !== undefined) cancel = clock.after(LOOK_MS, () => void look());
  };
  void look();
  return () => {
    over = true;
    cancel();
  };
}

/** Whether so little is left that writing should stop. */
const isTooFull = ({ usage, quota }: { readonly usage: number; readonly quota: number }): boolean =>
  quota - usage < LEAST_BYTES || usage > quota * MOST_SHARE;
