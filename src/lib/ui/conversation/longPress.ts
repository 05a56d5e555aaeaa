import type { Attachment } from 'svelte/attachments';
import type { Clock } from '../../core/ports.ts';

/** How long a finger rests before it means "what can I do with this?", and how far it may slip. */
const PRESS_MS = 450;
const SLIP_PX = 10;

/**
 * Calls `run` with the element under a finger that rests on it. Safari on iOS has no `contextmenu` event
 * for touch; elsewhere the browser's own event comes first or is prevented by the caller.
 */
export function longPress(clock: Clock, run: (target: EventTarget | null) => void): Attachment<HTMLElement> {
  return (node) => {
    let cancel: (() => void) | undefined;
    let from = { x: 0, y: 0 };

    const stop = () => {
      cancel?.();
      cancel = undefined;
    };
    const onDown = (event: PointerEvent) => {
      stop();
      if (event.pointerType !== 'touch' || !event.isPrimary) return;
      from = { x: event.clientX, y: event.clientY };
      cancel = clock.after(PRESS_MS, () => {
        cancel = undefined;
        run(event.target);
      });
    };
    const onMove = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLIP_PX) stop();
    };

    node.addEventListener('pointerdown', onDown);
    node.addEventListener('pointermove', onMove);
    for (const end of ['pointerup', 'pointercancel', 'contextmenu'] as const) node.addEventListener(end, stop);
    return () => {
      stop();
      node.removeEventListener('pointerdown', onDown);
      node.removeEventListener('pointermove', onMove);
      for (const end of ['pointerup', 'pointercancel', 'contextmenu'] as const) node.removeEventListener(end, stop);
    };
  };
}
