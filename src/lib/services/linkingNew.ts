import { equal, type Bytes } from '../core/bytes.ts';
import { newId, type DeviceId } from '../core/ids.ts';
import { err, refuse, unwrap, type Result } from '../core/result.ts';
import { accountIdOf, inviteChecksum, matchesNameHash, verifyCertificate } from '../crypto/identity.ts';
import { linkUntrue, openLink, sealBox, type LinkSecrets } from '../crypto/linking.ts';
import { ed25519, type KeyPair } from '../crypto/primitives.ts';
import { createSealer } from '../crypto/seal.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { checkRestorable, loadRows, restorableTable } from '../db/backup/load.ts';
import { beginLoading, clearUnfinishedLoad, endLoading } from '../db/backup/unfinished.ts';
import { settleStorage } from '../db/faults.ts';
import { saveKey, saveWrappedKey, type WrappedKey } from '../db/keyStore.ts';
import { saveRelayLogin } from '../db/relayLogin.ts';
import { SCHEMA_VERSION } from '../db/schema.ts';
import { certificateFromBytes } from '../protocol/certificate.ts';
import { limits } from '../protocol/limits.ts';
import { linkCommitment, linkReveal, textFromLinkCode, type FromOldDevice } from '../protocol/linking.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import type { Identity } from '../sync/identity.ts';
import { createLine, newDeviceEnds, type LinkLine } from '../sync/linkingLine.ts';
import type { LoginKeys } from '../sync/loginKeys.ts';
import type { Transport } from '../sync/transport.ts';
import { hasAccount, loadIdentity, type AccountPorts } from './account.ts';
import { SHORTEST_PASSPHRASE, wrapDatabaseKey } from './databaseKey.ts';
import type { JoiningState } from './devicesClient.ts';
import { saveTaking } from './linkingJobs.ts';
import { linkedTables } from './linkingRows.ts';
import { readBox } from './linkingTaking.ts';

/** How long the code is good for. */
const JOINING_MS = 10 * 60_000;

/**
 * Makes this device one of an account that another device lets it into. Until that device's person has said
 * yes nothing is written, and what is written then counts with its last transaction or not at all.
 * Refused: `exists`, `weak-passphrase`, `link-declined`, `link-mismatch`, `link-expired`, `link-untrue`,
 * `backup-newer` (the other device has a newer app), `cancelled`, the store's faults.
 */
export async function joinAccount(
  ports: AccountPorts & { readonly transport: Transport },
  input: { readonly passphrase: string; readonly platform: string },
  show: (state: JoiningState) => void,
  isOver: () => boolean,
): Promise<Result<Identity>> {
  const { store, clock, random, loginKeys, transport } = ports;
  show({ step: 'preparing' });
  if ([...input.passphrase].length < SHORTEST_PASSPHRASE) return err({ code: 'weak-passphrase', retry: 'person' });
  if (await hasAccount(store)) return err({ code: 'exists', retry: 'never' });
  const opening = await openLink(random);
  const { rendezvous } = opening.code;
  const patience = { until: clock.now() + JOINING_MS, isOver };
  const line = createLine(newDeviceEnds(transport, rendezvous), clock, patience);
  return settleStorage(async () => {
    unwrap(await line.say(0, cborFromValue({ k: 'key', key: opening.publicKey })));
    show({ step: 'code', code: textFromLinkCode(opening.code, inviteChecksum) });
    const committed = valueFromCbor(linkCommitment, unwrap(await line.hear(0)), limits.entry);
    if (!committed.ok) return refuse(linkUntrue('commitment'));
    unwrap(await line.say(1, cborFromValue({ k: 'nonce', n: opening.nonce })));
    const reveal = valueFromCbor(linkReveal, unwrap(await line.hear(1)), limits.entry);
    if (!reveal.ok) return refuse(linkUntrue('reveal'));
    const secrets = unwrap(await opening.finish(committed.value.c, reveal.value));

    const own = await createOwn(ports, loginKeys);
    const { device, signature, login } = own;
    const wish = { k: 'device', device, signatureKey: signature.publicKey, loginKey: login.publicKey };
    const said = cborFromValue({ ...wish, p: input.platform.slice(0, 50) });
    unwrap(await line.say(2, sealBox(random, secrets.newKey, 'new', 2, said)));
    show({ step: 'compare', digits: secrets.digits });
    const answer = readBox(secrets.oldKey, 2, unwrap(await line.hear(2)));
    if (answer.k === 'no')
      return refuse({ code: answer.why === 'mismatch' ? 'link-mismatch' : 'link-declined', retry: 'person' });
    if (answer.k !== 'yes') return refuse(linkUntrue('answer'));
    show({ step: 'receiving' });
    checkGrant(answer, own);
    const databaseKey = Uint8Array.from(answer.databaseKey);
    const wrapped = unwrap(await wrapDatabaseKey(random, input.passphrase, databaseKey));
    try {
      await beginLoading(store, clock.now());
      store.unlock(createSealer(databaseKey, random));
      const ready = await takeRows(ports, line, secrets);
      return await moveIn(ports, own, answer, wrapped, { ...secrets, ...ready, rendezvous });
    } catch (thrown) {
      store.lock();
      await clearUnfinishedLoad(store);
      throw thrown;
    }
  });
}

interface Own {
  readonly device: DeviceId;
  readonly signature: KeyPair;
  readonly login: Awaited<ReturnType<LoginKeys['create']>>;
}

async function createOwn({ random }: AccountPorts, loginKeys: LoginKeys): Promise<Own> {
  const login = await loginKeys.create();
  return { device: newId<DeviceId>(random), signature: ed25519.keyPair(random), login };
}

type Yes = Extract<FromOldDevice, { k: 'yes' }>;

/** Whoever says yes has the account's key, and speaks for this device. Refused: `link-untrue`, `backup-newer`. */
function checkGrant({ certificate, accountKey, name, salt, schema }: Yes, { device, signature, login }: Own): void {
  const decoded = certificateFromBytes(certificate);
  const verified = decoded.ok ? verifyCertificate(decoded.value) : decoded;
  if (!verified.ok) return refuse(linkUntrue('certificate'));
  const said = verified.value;
  const isOurs =
    said.device === device &&
    equal(said.signatureKey, signature.publicKey) &&
    equal(said.loginKey, login.publicKey) &&
    equal(said.accountKey, ed25519.publicKeyOf(accountKey)) &&
    matchesNameHash(said, { name, salt: Uint8Array.from(salt) });
  if (!isOurs) refuse(linkUntrue('certificate of another'));
  // Both are the same app from the same place: whichever is older is updated by loading it anew.
  if (schema !== SCHEMA_VERSION)
    refuse({ code: schema > SCHEMA_VERSION ? 'backup-newer' : 'link-older', retry: 'person' });
}

/** Takes rows until the device can be used. @returns where the history begins. */
async function takeRows(
  { store }: AccountPorts,
  line: LinkLine,
  { oldKey }: LinkSecrets,
): Promise<{ readonly n: number; readonly total: number }> {
  for (let n = 3; ; n++) {
    const message = readBox(oldKey, n, unwrap(await line.hear(n)));
    if (message.k === 'ready') return { n: n + 1, total: message.messages };
    if (message.k !== 'rows') return refuse(linkUntrue(`box ${n}`));
    const table = restorableTable(message.t);
    if (!linkedTables.includes(table)) return refuse(linkUntrue(message.t));
    for (const row of message.r) checkRestorable(table, row);
    await loadRows(store, table, message.r);
  }
}

/** The account's last step into this device, in one transaction. */
async function moveIn(
  { store, clock, relayOrigin }: AccountPorts,
  { device, signature, login }: Own,
  { certificate, accountKey, name, salt }: Yes,
  wrapped: WrappedKey,
  link: LinkSecrets & { readonly rendezvous: string; readonly n: number; readonly total: number },
): Promise<Identity> {
  const account = accountIdOf(ed25519.publicKeyOf(accountKey));
  const now = clock.now();
  const tables = ['keyStore', 'relayLogin', 'users', 'devices', 'settings', 'backupMetadata', ...auditTables] as const;
  return store.tx('rw', tables, async () => {
    if (await hasAccount(store)) return refuse({ code: 'exists', retry: 'never' });
    await saveWrappedKey(store, wrapped, now);
    await saveKey(
      store,
      keyRow('identity', { privateKey: accountKey, publicKey: ed25519.publicKeyOf(accountKey) }),
      now,
    );
    await saveKey(store, keyRow('mlsSignature', signature), now);
    await saveRelayLogin(store, {
      accountId: account,
      deviceId: device,
      loginKey: login.key,
      registeredCertificate: Uint8Array.from(certificate),
      relayOrigin,
    });
    const { rendezvous, newKey, oldKey, n, total } = link;
    await saveTaking(store, { rendezvous, newKey, oldKey, n, done: 0, total }, now);
    await appendAudit(store, { eventType: 'device', action: 'linked', resourceId: device, success: true }, now);
    await endLoading(store);
    const identity = await loadIdentity(store);
    const isWhole = identity?.account === account && identity.card.name === name && equal(identity.card.salt, salt);
    // The rows are of another account than the certificate.
    return isWhole && (await store.devices.get(device)) !== undefined ? identity : refuse(linkUntrue('rows'));
  });
}

const keyRow = (
  keyId: 'identity' | 'mlsSignature',
  { privateKey, publicKey }: { privateKey: Uint8Array; publicKey: Bytes },
) => ({
  keyId,
  keyType: keyId,
  algorithm: 'Ed25519',
  key: Uint8Array.from(privateKey),
  publicKey,
});
