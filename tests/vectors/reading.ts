import * as identity from './reading/identity.ts';
import * as records from './reading/records.ts';
import type { Implementation } from './shape.ts';

/**
 * A second implementation of what the test vectors cover: it follows docs/protocol.md, on Node's own
 * cryptography, and shares no code with the app. What it needs and does not find on that page is missing there.
 */
export const reading: Implementation = { name: 'an independent reading', ...records, ...identity };
