import { ok, type Fault, type Result } from '../core/result.ts';
import { isEndedBy } from '../crypto/revocation.ts';
import { settleStorage } from '../db/faults.ts';
import { forgetAllKeys } from '../db/forgetKeys.ts';
import { loadRelayLogin } from '../db/relayLogin.ts';
import type { Store } from '../db/store.ts';
import { findRevocation } from '../protocol/account.ts';
import { certificateFromBytes } from '../protocol/certificate.ts';
import type { Engine } from '../sync/engine.ts';
import { sendRequest } from '../sync/relayClient.ts';
import type { VaultState } from './client.ts';
import type { CairnPorts } from './ports.ts';

/** How long the relay's refusal goes on before it is asked again what it has to show for it. */
const AGAIN_MS = 60_000;

/** While the relay calls this device revoked, asks it for the account's word on that. @returns what ends it. */
export function keepHeeding(clock: CairnPorts['clock'], engine: Engine, heed: () => Promise<void>): () => void {
  let cancel = () => {};
  const ask = () => {
    void heed();
    cancel = clock.after(AGAIN_MS, ask);
  };
  const unwatch = engine.watchLink((_link, refusal) => {
    cancel();
    if (refusal === 'revoked-device') ask();
  });
  return () => {
    cancel();
    unwatch();
  };
}

const heeding = new WeakSet<Store>();

/**
 * Clears this device when its account ended it: the keys first, in one transaction, then the store. The relay that
 * says so must show the account's signature, which is verified against the certificate in clear: locked or not.
 * @param client is ended with all that it does in the background.
 * @param watchers are told that the device was cleared.
 */
export async function heedRevocation(
  ports: Pick<CairnPorts, 'store' | 'transport' | 'logger'>,
  client: { dispose(): void },
  watchers: Iterable<(state: VaultState) => void>,
): Promise<void> {
  const { store, logger } = ports;
  if (heeding.has(store)) return;
  heeding.add(store);
  const cleared = await settleStorage(async () => {
    const ended = await isEnded(ports);
    if (!ended.ok) {
      logger.log('info', 'revocation-not-heard', { code: ended.error.code });
      return false;
    }
    if (!ended.value) {
      logger.log('warn', 'revocation-untrue');
      return false;
    }
    await forgetAllKeys(store);
    client.dispose();
    await store.remove();
    return true;
  });
  heeding.delete(store);
  if (!cleared.ok) logger.log('warn', 'revocation-broke', { code: cleared.error.code });
  else if (cleared.value) for (const show of watchers) show('removed');
}

/** Refused: as the relay does; `not-found` where it has nothing that was signed. */
async function isEnded({ store, transport }: Pick<CairnPorts, 'store' | 'transport'>): Promise<Result<boolean, Fault>> {
  const login = await loadRelayLogin(store);
  const certificate = login && certificateFromBytes(login.registeredCertificate);
  if (certificate?.ok !== true) return ok(false);
  const { device } = certificate.value;
  const said = await sendRequest(transport, findRevocation, findRevocation.path, { device });
  return said.ok ? ok(isEndedBy(said.value, certificate.value)) : said;
}
