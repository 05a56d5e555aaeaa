import { expect } from 'vitest';
import { idFromBytes, type StreamId } from '../../src/lib/core/ids.ts';
import type { Random } from '../../src/lib/core/ports.ts';
import { value, type TestDevice } from './relayWorld.ts';

/** What devices sent into one stream, and which number each entry was promised. */
export interface SentEntries {
  readonly size: number;
  /** Sends `count` fresh entries. Rejects with a `TypeError` where nobody answered: then nobody knows. */
  send(by: TestDevice, count: number): Promise<void>;
  /** Sends again what nobody answered for; what it has got already stays. */
  sendAgain(): Promise<void>;
  /** Everything that was acknowledged is there under its number; numbers are dense, and nothing is there twice. */
  check(reader: TestDevice): Promise<void>;
}

export function sentEntries(stream: StreamId, random: Random): SentEntries {
  const sent = new Map<string, { by: TestDevice; seq: number | undefined }>();

  async function append(by: TestDevice, ids: readonly string[]): Promise<void> {
    const { results } = value(
      await by.append(
        stream,
        ids.map((id) => ({ id, epoch: 1 })),
      ),
    );
    for (const result of results) {
      const entry = sent.get(result.id);
      if (entry === undefined || !result.ok) throw new Error('not an acknowledgement');
      expect([undefined, result.seq]).toContain(entry.seq);
      entry.seq = result.seq;
    }
  }

  return {
    get size() {
      return sent.size;
    },
    send: async (by, count) => {
      const ids = Array.from({ length: count }, () => idFromBytes<string>(random.bytes(16)));
      for (const id of ids) sent.set(id, { by, seq: undefined });
      await append(by, ids);
    },
    sendAgain: async () => {
      for (const [id, { by, seq }] of sent) if (seq === undefined) await append(by, [id]);
    },
    check: async (reader) => {
      const entries = (await reader.catchUp()).filter((entry) => entry.stream === stream);
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
      const found = new Map(entries.map(({ id, seq }) => [id, seq]));
      expect(found.size).toBe(entries.length);
      for (const [id, { seq }] of sent) if (seq !== undefined) expect(found.get(id)).toBe(seq);
    },
  };
}
