/** The article of the message that something happened in. */
export const articleOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>('article') : null;

/** Where the bubble of an article stands on the screen. */
export const bubbleRect = (article: HTMLElement): DOMRect =>
  (article.querySelector('.bubble') ?? article).getBoundingClientRect();

/** Gives the focus to a message, wherever it stands. */
export function focusMessage(id: string): void {
  document.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
}
