import { deflateSync } from 'fflate';

/** Raw DEFLATE (RFC 1951). In a file of its own, because long texts are rare and it is loaded for the first. */
export const deflate = (data: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(deflateSync(data));
