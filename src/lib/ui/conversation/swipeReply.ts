import type { Attachment } from 'svelte/attachments';

/** How far a finger goes before it means "answer this", and how much it may drift while it does. */
const FAR_PX = 56;
const START_PX = 12;

/**
 * Calls `run` with the element under a finger that draws it towards the end of the line, and moves the
 * element along while it does. Vertical movement scrolls as ever.
 */
export function swipeReply(
  elementOf: (target: EventTarget | null) => HTMLElement | null,
  run: (element: HTMLElement) => void,
): Attachment<HTMLElement> {
  return (node) => {
    let element: HTMLElement | null = null;
    let from = { x: 0, y: 0 };
    let drawn = 0;

    const letGo = () => {
      element?.style.removeProperty('translate');
      element = null;
      drawn = 0;
    };
    const onDown = (event: PointerEvent) => {
      letGo();
      if (event.pointerType !== 'touch' || !event.isPrimary) return;
      element = elementOf(event.target);
      from = { x: event.clientX, y: event.clientY };
    };
    const onMove = (event: PointerEvent) => {
      if (element === null || event.pointerType !== 'touch') return;
      const sign = getComputedStyle(node).direction === 'rtl' ? -1 : 1;
      const along = (event.clientX - from.x) * sign;
      const across = Math.abs(event.clientY - from.y);
      if (drawn === 0 && (across > START_PX || along < -START_PX)) return letGo();
      if (along < START_PX) return;
      drawn = Math.min(along, FAR_PX * 1.25);
      element.style.translate = `${drawn * sign}px`;
    };
    const onUp = () => {
      const answered = drawn >= FAR_PX ? element : null;
      letGo();
      if (answered !== null) run(answered);
    };

    node.addEventListener('pointerdown', onDown);
    node.addEventListener('pointermove', onMove);
    node.addEventListener('pointerup', onUp);
    node.addEventListener('pointercancel', letGo);
    return () => {
      letGo();
      node.removeEventListener('pointerdown', onDown);
      node.removeEventListener('pointermove', onMove);
      node.removeEventListener('pointerup', onUp);
      node.removeEventListener('pointercancel', letGo);
    };
  };
}
