import type { Attachment } from 'svelte/attachments';
import type { Clock } from '../../core/ports.ts';

/** What fingers do to messages. */
export interface TouchGestures {
  /** The element of a message that something happened in. */
  readonly elementOf: (target: EventTarget | null) => HTMLElement | null;
  /** A finger rests on it. */
  readonly onPress: (element: HTMLElement) => void;
  /** A finger draws it along the line. */
  readonly onSwipe: (element: HTMLElement) => void;
}

/** Listens for {@link TouchGestures} where there is a screen to touch; what that takes is loaded there alone. */
export function touchGestures(clock: Clock, { elementOf, onPress, onSwipe }: TouchGestures): Attachment<HTMLElement> {
  return (node) => {
    if (!matchMedia('(any-pointer: coarse)').matches) return;
    let isOver = false;
    let stop = () => {};
    void Promise.all([import('./longPress.ts'), import('./swipeReply.ts')]).then(([{ longPress }, { swipeReply }]) => {
      if (isOver) return;
      const press = longPress(clock, (target) => {
        const element = elementOf(target);
        if (element !== null) onPress(element);
      })(node);
      const swipe = swipeReply(elementOf, onSwipe)(node);
      stop = () => {
        press?.();
        swipe?.();
      };
    });
    return () => {
      isOver = true;
      stop();
    };
  };
}
