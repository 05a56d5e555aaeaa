/** One step of the relay's schema. A step that was released never changes: the next one does. */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  readonly description: string;
  /** The statements for SQLite. */
  readonly sqlite: string;
}
