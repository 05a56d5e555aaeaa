import type { WorkspaceFile } from '../../services/client.ts';

export type Preview = 'image' | 'audio' | 'video' | 'text' | 'pdf';

/** Longer texts are saved and opened elsewhere. */
const MOST_TEXT = 200_000;
const TEXTS = /^(text\/|application\/(json|xml|javascript|x-sh)\b)/;

/** How a file is shown before it is saved; `undefined` where it can't be. SVG could run what is in it. */
export function previewOf({ type, size }: Pick<WorkspaceFile, 'type' | 'size'>): Preview | undefined {
  if (TEXTS.test(type)) return size <= MOST_TEXT ? 'text' : undefined;
  if (type === 'image/svg+xml') return undefined;
  if (type === 'application/pdf') return 'pdf';
  return (['image', 'audio', 'video'] as const).find((kind) => type.startsWith(`${kind}/`));
}
