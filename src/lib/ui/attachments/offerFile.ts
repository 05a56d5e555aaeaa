/** Hands a file to the downloads of the browser. */
export function offerFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by the time the page is left; until then the address has to hold.
  addEventListener('pagehide', () => URL.revokeObjectURL(url), { once: true });
}
