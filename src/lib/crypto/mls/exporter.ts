import { mlsExporter } from 'ts-mls/keySchedule.js';
import { concat, u64, type Bytes } from '../../core/bytes.ts';
import { epochOf, groupOf, stateOf, type MlsGroup } from './group.ts';
import { algorithmsOf } from './suite.ts';

/**
 * The secret that the sender chains of this epoch are derived from, once:
 * `MLS-Exporter("cairn/1 sender-chain", group id (16) ‖ epoch (u64), 32)` (RFC 9420 §8.5); and, with the label
 * `cairn/1 signal`, the key of what is said to whoever listens. `next` no longer
 * has the exporter secret, so whoever takes the device later can't start the chains again. Taking it
 * twice in an epoch is a bug and throws.
 */
export async function takeExporterSecret(
  group: MlsGroup,
): Promise<{ secret: Bytes; signalKey: Bytes; next: MlsGroup }> {
  const state = stateOf(group);
  const { exporterSecret } = state.keySchedule;
  if (exporterSecret.length === 0) throw new TypeError('the exporter secret of this epoch was taken before');
  const { groupId, cipherSuite } = state.groupContext;
  const context = concat(groupId, u64(epochOf(group)));
  const algorithms = await algorithmsOf(cipherSuite);
  const exported = async (label: string) =>
    Uint8Array.from(await mlsExporter(exporterSecret, label, context, 32, algorithms));
  const [secret, signalKey] = [await exported('cairn/1 sender-chain'), await exported('cairn/1 signal')];
  const keySchedule = { ...state.keySchedule, exporterSecret: new Uint8Array() };
  return { secret, signalKey, next: groupOf({ ...state, keySchedule }) };
}
