/** From one sender to one receiver. */
export interface Lane {
  /** Hands over `count` more entries, without waiting. */
  send(count: number): void;
  /** Called with how many arrived. */
  onDelivered: (count: number) => void;
}

/** Entries of one lane that may be on the way. */
export const WINDOW = 8;
export const ENTRY_BYTES = 400;

/** Keeps every window full. @returns entries delivered in a second, over `seconds` after a second to warm up. */
export async function deliveredPerSecond(lanes: readonly Lane[], seconds: number): Promise<number> {
  let delivered = 0;
  let isOver = false;
  const onTheWay = new Map<Lane, number>(lanes.map((lane) => [lane, WINDOW]));
  for (const lane of lanes) {
    lane.onDelivered = (count) => {
      delivered += count;
      if (isOver) onTheWay.set(lane, (onTheWay.get(lane) ?? 0) - count);
      else lane.send(count);
    };
    lane.send(WINDOW);
  }
  await pause(1_000);
  const [before, start] = [delivered, performance.now()];
  await pause(seconds * 1_000);
  const rate = ((delivered - before) / (performance.now() - start)) * 1_000;
  isOver = true;
  // Nothing of this round is left to trouble the next one.
  const deadline = performance.now() + 60_000;
  while ([...onTheWay.values()].some((count) => count > 0)) {
    const lost = [...onTheWay.values()].filter((count) => count > 0);
    if (performance.now() > deadline) throw new Error(`entries were lost on the way: ${lost.join(', ')}`);
    await pause(20);
  }
  return rate;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
