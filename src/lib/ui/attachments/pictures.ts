import type { MessageId } from '../../core/ids.ts';
import type { CairnClient } from '../../services/client.ts';

/** Small pictures kept for rows that come and go while one scrolls. */
const MOST_KEPT = 200;

const kept = new Map<string, Promise<string | undefined>>();

/** The address of a small picture, for as long as the page lives or it has not been shown for long. */
export function thumbnailUrl(client: CairnClient, message: MessageId, index: number): Promise<string | undefined> {
  const key = `${message}/${index}`;
  const known = kept.get(key);
  const url = known ?? load(client, message, index);
  kept.delete(key);
  kept.set(key, url);
  const [oldest] = kept;
  if (kept.size > MOST_KEPT && oldest !== undefined) {
    kept.delete(oldest[0]);
    void oldest[1].then((old) => old !== undefined && URL.revokeObjectURL(old));
  }
  return url;
}

async function load(client: CairnClient, message: MessageId, index: number): Promise<string | undefined> {
  const bytes = await client.fileThumbnail(message, index);
  return bytes.ok ? URL.createObjectURL(new Blob([bytes.value], { type: 'image/jpeg' })) : undefined;
}
