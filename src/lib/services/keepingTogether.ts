import { listDevices } from '../db/devices.ts';
import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';

/**
 * Keeps this device together with the others of its account, once there are any and for as long as the vault is open;
 * see `stayingTogether.ts`. @returns what ends it.
 */
export function keepTogether(session: Session, engine: Pick<Engine, 'poke'>): () => void {
  const { store, identity } = session;
  let isOver = false;
  let end: (() => void) | undefined;
  let isBegun = false;
  const stop = store.live(
    async () => (await listDevices(store, identity.account)).length > 1,
    (hasOthers) => {
      if (!hasOthers || isBegun) return;
      isBegun = true;
      void import('./stayingTogether.ts').then(({ stayTogether }) => {
        if (!isOver) end = stayTogether(session, engine);
      });
    },
  );
  return () => {
    isOver = true;
    stop();
    end?.();
  };
}
