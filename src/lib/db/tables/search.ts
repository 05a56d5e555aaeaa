import type { ConversationId } from '../../core/ids.ts';
import { bytes, cascade, index, integer, json, oneOf, optional, sealed, table, text } from '../declare.ts';

/** A segment of the full-text index; what it covers is inside the seal. One row more says how far a rebuild is. */
export const searchSegments = table({
  key: 'segmentId',
  columns: {
    segmentId: text(),
    createdAt: integer(),
    /** Only `live` segments are searched: one that is being written is not whole yet, a retired one is swept. */
    state: optional(oneOf('building', 'live', 'retired')),
    header: sealed(bytes()),
  },
  indexes: [index('state')],
});

export const searchBlocks = table({
  key: ['segmentId', 'block'],
  columns: { segmentId: text(), block: integer(), postings: sealed(bytes()) },
  relations: [cascade('segmentId', 'searchSegments', 'segmentId')],
});

/**
 * What the index has yet to look at: a message that was added, changed or deleted, or several. It
 * names places, not messages, so that it outlives what it names; hence no relation.
 */
export const searchQueue = table({
  key: 'id',
  columns: {
    id: text(),
    conversationId: text<ConversationId>(),
    sortKey: text(),
    /** Further sort keys of the same conversation, where many were queued at once. */
    more: optional(json<readonly string[]>()),
    /** Where everything from this sort key up to `sortKey` is meant, as after an import. */
    from: optional(text()),
    /** How many places these are. */
    places: integer(),
  },
  indexes: [index('sortKey'), index('places')],
});
