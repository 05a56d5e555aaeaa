import type { Bytes } from '../core/bytes.ts';
import { err, ok, refuse, settle, type Result } from '../core/result.ts';
import { inviteChecksum, nameHashOf, signCertificate } from '../crypto/identity.ts';
import { answerLink, linkUntrue, openBox, sealBox, type LinkSecrets } from '../crypto/linking.ts';
import { appendAudit, auditTables } from '../db/auditLog.ts';
import { addDevice } from '../db/devices.ts';
import { loadKeyRow } from '../db/keyStore.ts';
import { SCHEMA_VERSION } from '../db/schema.ts';
import { recordSecurityEvent } from '../db/security.ts';
import { bytesFromCertificate } from '../protocol/certificate.ts';
import { limits } from '../protocol/limits.ts';
import {
  fromNewDevice,
  linkCodeFromText,
  linkKey,
  linkNonce,
  type FromNewDevice,
  type FromOldDevice,
} from '../protocol/linking.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import { createLine, oldDeviceEnds, type LinkLine } from '../sync/linkingLine.ts';
import { queueOwnDevices } from '../sync/ownDevices.ts';
import { queueTables } from '../sync/queueIntent.ts';
import type { Session } from '../sync/session.ts';
import type { LinkDecision, LinkingState } from './devicesClient.ts';
import { readGiving, saveGiving } from './linkingJobs.ts';

/** How long a person may take until the codes are compared. */
export const LINKING_MS = 10 * 60_000;

/**
 * Lets a new device into the account, from its code to the person's yes; what it gets then is given in the
 * background. Nothing is written before that yes.
 * @param decide what the person says when they have compared the digits.
 * Refused: `malformed`, `wrong-version`, `link-untrue` (somebody stands in between, or it is no device of ours),
 * `link-expired`, `link-declined`, `cancelled`.
 */
export async function linkDevice(
  session: Session,
  text: string,
  show: (state: LinkingState) => void,
  decide: () => Promise<LinkDecision>,
  isOver: () => boolean,
): Promise<Result<void>> {
  const code = linkCodeFromText(text, inviteChecksum);
  if (!code.ok) return code;
  const { rendezvous } = code.value;
  const { relay, clock, random } = session;
  const line = createLine(oldDeviceEnds(relay, rendezvous), clock, { until: clock.now() + LINKING_MS, isOver });

  show({ step: 'meeting' });
  const first = await line.hear(0);
  if (!first.ok) return first;
  const key = valueFromCbor(linkKey, first.value, BOX);
  if (!key.ok) return err(linkUntrue('key'));
  const answer = await answerLink(random, code.value, key.value.key);
  if (!answer.ok) return answer;
  const { commitment, reveal, finish } = answer.value;
  const secrets = await exchange(line, commitment, reveal, finish);
  if (!secrets.ok) return secrets;
  const wanted = await hearDevice(line, secrets.value);
  if (!wanted.ok) return wanted;

  show({ step: 'compare', digits: secrets.value.digits, platform: wanted.value.p });
  const decision = await decide();
  if (isOver()) return err({ code: 'cancelled', retry: 'now' });
  const say = (n: number, message: FromOldDevice) =>
    line.say(n, sealBox(random, secrets.value.oldKey, 'old', n, cborFromValue(message)));
  if (decision !== 'yes') {
    if (decision === 'mismatch') await tellMismatch(session);
    await say(2, { k: 'no', why: decision });
    return err({ code: decision === 'mismatch' ? 'link-mismatch' : 'link-declined', retry: 'person' });
  }
  show({ step: 'sending' });
  return settle(letIn(session, wanted.value, rendezvous, secrets.value));
}

const BOX = limits.entry;

async function exchange(
  line: LinkLine,
  commitment: Bytes,
  reveal: { readonly e: Bytes; readonly n: Bytes },
  finish: (nonce: Uint8Array) => LinkSecrets,
): Promise<Result<LinkSecrets>> {
  const committed = await line.say(0, cborFromValue({ k: 'commit', c: commitment }));
  if (!committed.ok) return committed;
  const heard = await line.hear(1);
  if (!heard.ok) return heard;
  const nonce = valueFromCbor(linkNonce, heard.value, BOX);
  if (!nonce.ok) return err(linkUntrue('nonce'));
  const shown = await line.say(1, cborFromValue({ k: 'reveal', ...reveal }));
  return shown.ok ? ok(finish(nonce.value.n)) : shown;
}

type WantedDevice = Extract<FromNewDevice, { k: 'device' }>;

async function hearDevice(line: LinkLine, { newKey }: LinkSecrets): Promise<Result<WantedDevice>> {
  const heard = await line.hear(2);
  if (!heard.ok) return heard;
  const opened = openBox(newKey, 'new', 2, heard.value);
  const message = opened === undefined ? undefined : valueFromCbor(fromNewDevice, opened, BOX);
  if (message?.ok !== true || message.value.k !== 'device') return err(linkUntrue('device'));
  return ok(message.value);
}

const tellMismatch = (session: Session): Promise<void> =>
  recordSecurityEvent(session.store, {
    eventType: 'link-mismatch',
    severity: 'high',
    description: '',
    at: session.clock.now(),
  });

/**
 * Signs the device's certificate and notes all that follows from it, in one transaction. The device is told in
 * the background, as often as it takes. Refused: `busy` where another one is being brought up to date.
 */
async function letIn(
  session: Session,
  { device, signatureKey, loginKey, p }: WantedDevice,
  rendezvous: string,
  { newKey, oldKey }: LinkSecrets,
): Promise<void> {
  const { store, identity, clock, random } = session;
  const { account, accountKey, card } = identity;
  const privateKey = (await loadKeyRow(store, 'identity'))?.key;
  if (privateKey === undefined) throw new Error('an account without its key');
  const now = clock.now();
  const fields = {
    accountKey,
    device,
    signatureKey: Uint8Array.from(signatureKey),
    loginKey: Uint8Array.from(loginKey),
    nameHash: nameHashOf(card),
    notBefore: now,
    sequence: 1,
  };
  const certificate = bytesFromCertificate(signCertificate(fields, privateKey));
  const { name, salt } = card;
  const databaseKey = store.databaseKey();
  const yes: FromOldDevice = {
    k: 'yes',
    certificate,
    accountKey: privateKey,
    databaseKey,
    schema: SCHEMA_VERSION,
    name,
    salt,
  };
  const grant = sealBox(random, oldKey, 'old', 2, cborFromValue(yes));
  const tables = ['devices', 'users', 'mlsGroups', ...queueTables, ...auditTables] as const;
  await store.tx('rw', tables, async () => {
    if ((await readGiving(store)) !== undefined) refuse({ code: 'busy', retry: 'now' });
    const row = { id: device, userId: account, deviceName: '', deviceType: 'browser', platform: p, certificate };
    // Refused where somebody has that id.
    await addDevice(store, row, now);
    await queueOwnDevices(session);
    const job = { rendezvous, newKey, oldKey, n: 2, done: 0, total: 0, device, since: now, left: [] } as const;
    await saveGiving(store, { ...job, phase: 'rows', grant }, now);
    await appendAudit(store, { eventType: 'device', action: 'link', resourceId: device, success: true }, now);
  });
}
