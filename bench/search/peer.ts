/** A full-text index under test. */
export interface SearchPeer {
  /** Takes in texts, numbered from `first` on, in order. */
  add(texts: readonly string[], first: number): Promise<void> | void;
  /** Whatever is left to do before queries. */
  finish(): Promise<void> | void;
  /** @returns how many of the first fifty were found. */
  search(text: string): Promise<number> | number;
  /** Bytes that the index holds outside the heap of JavaScript. */
  otherMemory(): number;
  facts(): Promise<string> | string;
}
