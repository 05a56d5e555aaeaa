/** Whether this browser shows a file of this name itself. */
export const showsPdf = (name: string): boolean => navigator.pdfViewerEnabled && /\.pdf$/iu.test(name);

/**
 * An address of a file as a PDF and nothing else: what somebody sent as one is never taken for a page, which would
 * be of the app's own origin.
 */
export const pdfUrl = (file: Blob): string => URL.createObjectURL(file.slice(0, file.size, 'application/pdf'));
