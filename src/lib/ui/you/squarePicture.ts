/** Pixels and quality, from what is wanted to what surely fits. */
const tries = [
  [192, 0.82],
  [160, 0.7],
  [128, 0.6],
  [96, 0.5],
] as const;
/** What the protocol carries. Bytes. */
const MOST = 12 * 1024;

/**
 * The middle of a picture as a small square, drawn anew: what a camera writes into its files stays behind.
 * `undefined` for what is no picture.
 */
export async function squarePicture(file: Blob): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  try {
    for (const [side, quality] of tries) {
      const blob = await drawn(bitmap, side, quality);
      if (blob.size <= MOST) return new Uint8Array(await blob.arrayBuffer());
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}

async function drawn(bitmap: ImageBitmap, side: number, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  const cut = Math.min(bitmap.width, bitmap.height);
  // What is clear in the original would turn black.
  context.fillStyle = 'white';
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (bitmap.width - cut) / 2, (bitmap.height - cut) / 2, cut, cut, 0, 0, side, side);
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}
