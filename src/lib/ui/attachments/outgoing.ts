import type { OutgoingFile } from '../../services/client.ts';

/** The longer side of a picture as it is sent, and of the small one that goes with its message. Pixels. */
const LONGEST_SIDE = 2_560;
const THUMBNAIL_SIDE = 480;
const MOST_THUMBNAIL = 48 * 1024;
/** Pictures that are drawn anew: what cameras write into them, as the place, stays behind. */
const REDRAWN: ReadonlySet<string> = new Set(['image/jpeg', 'image/webp', 'image/heic', 'image/heif']);

/**
 * A file made ready to be sent, with what is to be seen of it before it is fetched. What can't be read as what
 * it claims to be is sent as it is.
 */
export async function outgoingFile(file: File): Promise<OutgoingFile> {
  const plain: OutgoingFile = { blob: file, name: file.name, type: file.type };
  if (file.type.startsWith('image/') && file.type !== 'image/svg+xml') return (await picture(file)) ?? plain;
  if (file.type.startsWith('video/')) return { ...plain, ...(await film(file)) };
  return plain;
}

async function picture(file: File): Promise<OutgoingFile | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const { width, height } = fitting(bitmap, LONGEST_SIDE);
  const isRedrawn = REDRAWN.has(file.type);
  const blob = isRedrawn ? await drawn(bitmap, { width, height }, 0.86) : file;
  const thumbnail = await thumbnailOf(bitmap, bitmap);
  const size = isRedrawn ? { width, height } : { width: bitmap.width, height: bitmap.height };
  bitmap.close();
  const name = isRedrawn ? file.name.replace(/\.\w+$/u, '') + '.jpg' : file.name;
  return { blob, name, type: blob.type, ...size, ...(thumbnail === undefined ? {} : { thumbnail }) };
}

async function film(file: File): Promise<Partial<OutgoingFile>> {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  try {
    video.muted = true;
    video.preload = 'auto';
    video.src = url;
    await happened(video, 'loadeddata');
    const { videoWidth: width, videoHeight: height, duration } = video;
    const thumbnail = await thumbnailOf(video, { width, height });
    return {
      ...(width > 0 ? { width, height } : {}),
      ...(Number.isFinite(duration) ? { duration: Math.round(duration * 1000) } : {}),
      ...(thumbnail === undefined ? {} : { thumbnail }),
    };
  } catch {
    // A format that this browser does not play.
    return {};
  } finally {
    video.removeAttribute('src');
    URL.revokeObjectURL(url);
  }
}

const happened = (video: HTMLVideoElement, what: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    video.addEventListener(what, resolve, { once: true });
    video.addEventListener('error', () => reject(new Error('not playable')), { once: true });
  });

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The same shape, no side longer than `longest`. */
function fitting({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

async function drawn(source: CanvasImageSource, { width, height }: Size, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  // What is clear in the original would turn black.
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}

async function thumbnailOf(source: CanvasImageSource, size: Size): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (size.width === 0 || size.height === 0) return undefined;
  for (const [side, quality] of [
    [THUMBNAIL_SIDE, 0.7],
    [THUMBNAIL_SIDE, 0.4],
    [THUMBNAIL_SIDE / 2, 0.4],
  ] as const) {
    const blob = await drawn(source, fitting(size, side), quality);
    if (blob.size <= MOST_THUMBNAIL) return new Uint8Array(await blob.arrayBuffer());
  }
  return undefined;
}
