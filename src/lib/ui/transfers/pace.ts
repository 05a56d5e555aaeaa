/** How fast files move, from how far they were when. */

/** Bytes that were over at a time in milliseconds. */
interface Sample {
  readonly at: number;
  readonly done: number;
}

/** What was seen of each file, by its id, oldest first. */
export type Seen = ReadonlyMap<string, readonly Sample[]>;

export interface Pace {
  /** Bytes a second. */
  readonly speed: number;
  /** Milliseconds until its end, at that speed. */
  readonly left: number;
}

/** What is older says nothing about the line of now. */
const WINDOW_MS = 10_000;

/** With what is seen now; a file that goes no further is forgotten. */
export const withSeen = (
  before: Seen,
  running: readonly { readonly id: string; readonly done: number }[],
  at: number,
): Seen =>
  new Map(
    running.map(({ id, done }) => {
      const samples = before.get(id) ?? [];
      if (samples.at(-1)?.done === done) return [id, samples];
      const fresh = samples.filter((one) => at - one.at <= WINDOW_MS && one.done < done);
      return [id, [...fresh, { at, done }]];
    }),
  );

/** `undefined` until two moments are known, and for what has not moved for long. */
export function paceOf(samples: readonly Sample[] | undefined, size: number, now: number): Pace | undefined {
  const [first, last] = [samples?.[0], samples?.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at || now - last.at > WINDOW_MS) return undefined;
  // A file that stands still gets slower.
  const speed = ((last.done - first.done) * 1000) / (Math.max(now, last.at) - first.at);
  return { speed, left: ((size - last.done) * 1000) / speed };
}
