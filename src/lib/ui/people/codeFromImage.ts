import { decodeQR } from 'qr/decode.js';

/** Longest side that is looked at, in pixels: more costs time and finds nothing more. */
const LONGEST = 1600;

/** The text of a QR code in a picture, or `undefined` when there is none or the file is no picture. */
export async function codeFromImage(file: Blob): Promise<string | undefined> {
  const bitmap = await pictureOf(file);
  if (bitmap === undefined) return undefined;
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const found = codeFromPixels(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  bitmap.close();
  return found;
}

/**
 * The text of a QR code in a picture or a frame of a film, drawn at the given size.
 * @param canvas is reused when given: a new one for each frame would be slow.
 */
export function codeFromPixels(
  source: CanvasImageSource,
  width: number,
  height: number,
  canvas: HTMLCanvasElement = document.createElement('canvas'),
): string | undefined {
  if (width === 0 || height === 0) return undefined;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(source, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  try {
    return decodeQR({ width, height, data });
  } catch {
    // The decoder throws when it finds no code, which is what most frames of a camera hold.
    return undefined;
  }
}

async function pictureOf(file: Blob): Promise<ImageBitmap | undefined> {
  try {
    return await createImageBitmap(file);
  } catch {
    // Not a picture this browser can read.
    return undefined;
  }
}
