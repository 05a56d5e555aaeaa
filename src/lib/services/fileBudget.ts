import { ok, type Result } from '../core/result.ts';
import { alterTransfer, evict, heldTransfers, keptFiles } from '../db/fileTransfers.ts';
import { readFileSettings } from '../db/fileSettings.ts';
import { BLOB_HOLD_MS } from '../protocol/limits.ts';
import { hasBlob, holdBlob } from '../sync/blobs.ts';
import type { Session } from '../sync/session.ts';

/**
 * Makes room where files take more of this device than the person gave them: those looked at longest ago go, if
 * the relay has them and keeps them for this account from now on. What only this device has stays, and so does the
 * file that was looked at last. Those that went are held for longer before their time there is over.
 * Refused: `network`, and what the store refuses.
 */
export const keepWithinBudget = (session: Session): Promise<Result<void>> =>
  session.locks.run('budget', async () => {
    const renewed = await renewHolds(session);
    return renewed.ok ? makeRoom(session) : renewed;
  });

async function makeRoom({ store, relay }: Session): Promise<Result<void>> {
  const { budget } = await readFileSettings(store);
  const files = budget === 0 ? [] : await keptFiles(store);
  let over = files.reduce((sum, { size }) => sum + size, 0) - budget;
  const lastUsed = files.at(-1)?.usedAt ?? 0;
  for (const { transferId, size } of files.slice(0, -1)) {
    if (over <= 0) break;
    const row = await store.fileTransfers.get(transferId);
    if (row?.blobId === undefined) continue;
    const there = await hasBlob(relay, row.blobId);
    if (!there.ok) return there;
    const held = there.value ? await holdBlob(relay, row.blobId) : undefined;
    if (held?.ok === false && held.error.code === 'network') return held;
    if (held?.ok !== true) {
      // It is asked about again only after the others, and never passes for the one looked at last.
      await alterTransfer(store, transferId, (each) => ({ ...each, lastUsedAt: lastUsed - 1 }));
      continue;
    }
    await evict(store, transferId, held.value.expiresAt);
    over -= size;
  }
  return ok(undefined);
}

/** Long before the relay lets go: a device may stay off for weeks. */
const RENEW_MS = (BLOB_HOLD_MS * 2) / 3;

async function renewHolds({ store, relay, clock }: Session): Promise<Result<void>> {
  for (const { transferId, blobId } of await heldTransfers(store, clock.now() + RENEW_MS)) {
    const held = blobId === undefined ? undefined : await holdBlob(relay, blobId);
    if (held?.ok === false && held.error.code === 'network') return held;
    await alterTransfer(store, transferId, ({ heldUntil: _, ...row }) =>
      held?.ok === true ? { ...row, heldUntil: held.value.expiresAt } : row,
    );
  }
  return ok(undefined);
}
