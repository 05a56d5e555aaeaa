interface SavePicker {
  showSaveFilePicker(options: { suggestedName: string }): Promise<{
    createWritable(): Promise<WritableStream<Uint8Array>>;
  }>;
}

/**
 * Hands a file to its person: where the browser asks for a place, it is written there; elsewhere it goes to
 * the downloads. Neither holds it in memory.
 * @returns false where the person decided against it.
 */
export async function saveFile(file: Blob, name: string): Promise<boolean> {
  if ('showSaveFilePicker' in window) {
    try {
      const place = await (window as unknown as SavePicker).showSaveFilePicker({ suggestedName: name });
      await file.stream().pipeTo(await place.createWritable());
      return true;
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return false;
      throw thrown;
    }
  }
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by the time the page is left; until then the address has to hold.
  addEventListener('pagehide', () => URL.revokeObjectURL(address), { once: true });
  return true;
}
