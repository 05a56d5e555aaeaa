import type { Bytes } from '../core/bytes.ts';
import { cborFromValue } from '../protocol/wire.ts';
import type { Content } from './contentKinds.ts';

export type { ChangeContent, Content, FileContent, MessageReference, Said, TextContent } from './contentKinds.ts';

/**
 * Goes up whenever a kind or a member is added: what an older app put aside because it did not know it is
 * looked at again by one with a higher number.
 */
export const CONTENT_VERSION = 8;

/** What is written here is ours, and needs no second look; what others wrote is read by `contentKinds.ts`. */
export const bytesFromContent = (value: Content): Bytes => cborFromValue(value);
