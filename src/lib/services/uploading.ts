import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';

/**
 * Uploads what waits, for as long as the app is open: when a file is sent, and when the relay is back.
 * @returns what ends it.
 */
export function keepUploading(session: Session, engine: Pick<Engine, 'watchLink'>): () => void {
  const { store, logger } = session;
  let isOver = false;
  let isOnline = false;
  let waiting = 0;
  let running: Promise<void> | undefined;

  const run = async () => {
    const { uploadWaiting } = await import('./uploads.ts');
    const done = await uploadWaiting(session, () => isOver);
    if (!done.ok && !isOver) logger.log('info', 'upload-paused', { code: done.error.code });
  };
  const tell = () => {
    if (!isOver && isOnline && waiting > 0) running ??= run().finally(() => (running = undefined));
  };
  const unwatch = engine.watchLink((link) => {
    isOnline = link === 'online';
    tell();
  });
  const stop = store.live(
    () =>
      store.fileTransfers.where('[status+createdAt]').between(['pending', -Infinity], ['pending', Infinity]).count(),
    (count) => {
      waiting = count;
      tell();
    },
  );
  return () => {
    isOver = true;
    unwatch();
    stop();
  };
}
