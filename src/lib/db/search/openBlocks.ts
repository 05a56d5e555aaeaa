import type { Store } from '../store.ts';

/** Bytes of opened blocks that memory keeps: whoever types asks for the same ones again and again. */
export const MOST_BYTES = 16 * 1024 * 1024;

interface OpenBlocks {
  /** The ones used last at the end. */
  readonly bytes: Map<string, Uint8Array>;
  size: number;
}

/** Blocks never change; this memory goes with the worker that holds the keys. */
const opened = new WeakMap<Store, OpenBlocks>();

/** Blocks by number, those that are not in memory read by `read` in one go, and kept. */
export async function throughMemory(
  store: Store,
  segmentId: string,
  blocks: readonly number[],
  read: (missing: readonly number[]) => Promise<readonly Uint8Array[]>,
): Promise<Uint8Array[]> {
  const memory = opened.get(store) ?? { bytes: new Map<string, Uint8Array>(), size: 0 };
  opened.set(store, memory);
  const keyOf = (block: number) => `${segmentId} ${block}`;
  const found = new Map<number, Uint8Array>();
  for (const block of blocks) {
    const bytes = memory.bytes.get(keyOf(block));
    if (bytes === undefined) continue;
    found.set(block, bytes);
    memory.bytes.delete(keyOf(block));
    memory.bytes.set(keyOf(block), bytes);
  }
  const missing = blocks.filter((block) => !found.has(block));
  if (missing.length > 0) {
    const bytes = await read(missing);
    missing.forEach((block, i) => {
      const one = bytes[i];
      if (one === undefined) return;
      found.set(block, one);
      keep(memory, keyOf(block), one);
    });
  }
  return blocks.flatMap((block) => found.get(block) ?? []);
}

function keep(memory: OpenBlocks, key: string, bytes: Uint8Array): void {
  memory.size += bytes.length - (memory.bytes.get(key)?.length ?? 0);
  memory.bytes.set(key, bytes);
  for (const [oldest, { length }] of memory.bytes) {
    if (memory.size <= MOST_BYTES) return;
    memory.bytes.delete(oldest);
    memory.size -= length;
  }
}
