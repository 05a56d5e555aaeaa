/** The package's own declarations lie under a name that nobody finds. */
declare module 'unicode-confusables' {
  /** Each character in the place of those that look like it: UTS 39 §4, without the decomposition around it. */
  export function rectifyConfusion(text: string): string;
}
