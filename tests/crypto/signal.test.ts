import { describe, expect, it } from 'vitest';
import { idFromBytes, type DeviceId, type GroupId } from '../../src/lib/core/ids.ts';
import { openSignal, sealSignal } from '../../src/lib/crypto/signal.ts';
import { SIGNAL_BYTES } from '../../src/lib/protocol/signals.ts';
import { createRandom } from '../world/seeded.ts';

const random = createRandom('signals');
const key = random.bytes(32);
const newId = <T extends string>() => idFromBytes<T>(random.bytes(16));
const place = { group: newId<GroupId>(), device: newId<DeviceId>(), epoch: 7 };

describe('a signal', () => {
  it('opens as what was sealed, always as long, and never twice the same', () => {
    const said = [
      { isTyping: true, at: 1_795_300_000_000 },
      { isTyping: false, at: 0 },
    ];
    for (const one of said) {
      const sealed = sealSignal(key, place, one, random);
      expect(sealed).toHaveLength(SIGNAL_BYTES);
      expect(openSignal(key, place, sealed)).toEqual(one);
      expect(sealSignal(key, place, one, random)).not.toEqual(sealed);
    }
  });

  it('opens in no other group, epoch or name, with no other key, and with no bit changed', () => {
    const sealed = sealSignal(key, place, { isTyping: true, at: 1 }, random);
    for (const other of [{ group: newId<GroupId>() }, { device: newId<DeviceId>() }, { epoch: 8 }])
      expect(openSignal(key, { ...place, ...other }, sealed)).toBeUndefined();
    expect(openSignal(random.bytes(32), place, sealed)).toBeUndefined();
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openSignal(key, place, changed)).toBeUndefined();
    }
    expect(openSignal(key, place, sealed.slice(0, 39))).toBeUndefined();
  });
});
