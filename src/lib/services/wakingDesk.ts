import { err, ok, settle } from '../core/result.ts';
import { deleteSetting, getSetting, setSetting } from '../db/settings.ts';
import type { Session } from '../sync/session.ts';
import * as relayed from '../sync/waking.ts';
import { LOCKED, type Desk } from './desk.ts';
import type { WakingClient } from './wakingClient.ts';

/** Name of the setting with the device that is to be woken: a copy of it elsewhere was not asked. */
const WOKEN = 'woken device';

/** Waking by push. The browser's half of it is the page's. */
export const wakingDesk = ({ open, watch }: Desk): WakingClient => {
  const withSession = <T>(work: (session: Session) => Promise<T>) => {
    const session = open()?.session;
    return session === undefined ? Promise.resolve(err(LOCKED)) : work(session);
  };
  return {
    watchWaking: (show) =>
      watch(async ({ store, identity }) => (await getSetting<string>(store, WOKEN)) === identity.device, show),
    wakingKey: () => withSession(({ relay }) => relayed.wakingKey(relay)),
    wakeAt: (address) =>
      withSession(async ({ store, relay, identity, clock }) => {
        const known = await relayed.wakeAt(relay, address);
        if (!known.ok) {
          return known.error.code === 'forbidden' ? err({ code: 'push-not-known', retry: 'person' as const }) : known;
        }
        return settle(() => setSetting(store, WOKEN, identity.device, clock.now()));
      }),
    wakeNoMore: () =>
      withSession(async ({ store, relay, logger }) => {
        const forgotten = await settle(() => deleteSetting(store, WOKEN));
        if (!forgotten.ok) return forgotten;
        const said = await relayed.wakeNoMore(relay);
        if (!said.ok) logger.log('info', 'waking-not-stopped', { code: said.error.code });
        return ok(undefined);
      }),
  };
};
