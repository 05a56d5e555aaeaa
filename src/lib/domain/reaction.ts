/** Whether `text` can stand as a reaction: something to see, without spaces or control characters. */
export const isReaction = (text: string): boolean =>
  text !== '' && new TextEncoder().encode(text).length <= 64 && !/[\s\p{Cc}]/u.test(text);
