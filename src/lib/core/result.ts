/** Either a value or a typed error: what every layer hands to the one above it. */
export type Result<T, E extends Fault = Fault> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** When it makes sense to try again. `person`: only after somebody decided something. */
export type Retry = 'never' | 'now' | 'after-sync' | 'person';

/** A tagged plain object: `code` names what happened, `retry` says what helps. It survives structured clone. */
export interface Fault<Code extends string = string> {
  readonly code: Code;
  readonly retry: Retry;
  /** For logs and developers, never shown as it is; holds nothing private. */
  readonly detail?: string;
}

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const err = <E extends Fault>(error: E): { readonly ok: false; readonly error: E } => ({
  ok: false,
  error,
});

/**
 * Carries a {@link Fault} through code that can only be left by throwing, such as a database
 * transaction that must roll back. Caught by {@link settle} at the layer's edge, nowhere else.
 */
export class Refusal<E extends Fault = Fault> extends Error {
  readonly fault: E;
  constructor(fault: E) {
    super(fault.detail === undefined ? fault.code : `${fault.code}: ${fault.detail}`);
    this.name = 'Refusal';
    this.fault = fault;
  }
}

/** Aborts the surrounding transaction with a typed error. */
export function refuse<E extends Fault>(fault: E): never {
  throw new Refusal(fault);
}

/** Turns a promise that may be refused into a {@link Result}; anything else that is thrown is a bug and goes on. */
export async function settle<T>(work: Promise<T> | (() => Promise<T>)): Promise<Result<T>> {
  try {
    return ok(await (typeof work === 'function' ? work() : work));
  } catch (thrown) {
    const fault = faultOf(thrown);
    if (fault === undefined) throw thrown;
    return err(fault);
  }
}

/** The fault inside a thrown value, also when a library wrapped it as `inner` or `cause`. */
export function faultOf(thrown: unknown): Fault | undefined {
  let at: unknown = thrown;
  for (let depth = 0; depth < 4 && typeof at === 'object' && at !== null; depth++) {
    if (isRefusal(at)) return at.fault;
    at = 'inner' in at && at.inner ? at.inner : 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}

/** `instanceof` alone would make the fault's type anything. */
const isRefusal = (thrown: unknown): thrown is Refusal => thrown instanceof Refusal;

/** The value, or the fault thrown as a {@link Refusal}. */
export function unwrap<T>(result: Result<T>): T {
  return result.ok ? result.value : refuse(result.error);
}
