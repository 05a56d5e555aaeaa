import { createHash } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';

export const sha256 = (bytes: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(bytes).digest());
