/**
 * One step of the relay's schema, for both engines. A step that was released never changes: the next one
 * does.
 */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  readonly description: string;
  /** The statements for SQLite. */
  readonly sqlite: string;
  /** The same for PostgreSQL. */
  readonly postgres: string;
  /** What takes the step back; it loses what only the newer schema can hold. */
  readonly down: { readonly sqlite: string; readonly postgres: string };
}
