import { newId } from '../../core/ids.ts';
import type { Store } from '../store.ts';
import { compareNewestFirst, fingerprintOf, eachTerm, type DocumentEntry, type SearchDocument } from './documents.ts';
import type { Place } from './queue.ts';
import {
  bytesFromHeader,
  documentBlockFor,
  liveSegments,
  readDocumentBlocks,
  type Segment,
  type SegmentHeader,
} from './segment.ts';
import { createSegmentWriter } from './segmentWriter.ts';

/** What was looked at, and what is there. */
export interface IndexBatch {
  readonly documents: readonly SearchDocument[];
  /** Places where no message is to be found any more. */
  readonly gone: readonly Place[];
  /** Entries of the queue that this batch answers. */
  readonly queueIds: readonly string[];
}

/**
 * Takes a batch into the index as one segment, in one transaction with what `also` writes to these tables and
 * with the removal of its queue entries: a crash before it changes nothing, and after it nothing is left to do.
 * What is indexed already as it is now, is passed over. Only one at a time may write the index.
 * @returns how many places of the index changed.
 */
export async function indexBatch(
  store: Store,
  batch: IndexBatch,
  also: () => Promise<void> = async () => {},
): Promise<number> {
  const segments = await liveSegments(store);
  const fresh = await changedOnly(store, segments, batch);
  const segmentId = newId<string>(store.random);
  const made = fresh.entries.length === 0 ? undefined : build(segmentId, segments, fresh, store.clock.now());
  await store.tx('rw', ['searchSegments', 'searchBlocks', 'searchQueue'], async () => {
    if (made !== undefined) {
      const header = bytesFromHeader(made.header);
      await store.searchSegments.add({ segmentId, createdAt: store.clock.now(), state: 'live', header });
      await store.searchBlocks.bulkAdd(made.blocks);
    }
    await store.searchQueue.bulkDelete([...batch.queueIds]);
    await also();
  });
  return fresh.entries.length;
}

interface Fresh {
  /** Newest first. */
  readonly entries: readonly DocumentEntry[];
  /** By place, as the entries; `undefined` for one that is gone. */
  readonly documents: readonly (SearchDocument | undefined)[];
  /** How many of the places the index knew otherwise. */
  readonly overruled: number;
}

async function changedOnly(store: Store, segments: readonly Segment[], batch: IndexBatch): Promise<Fresh> {
  const seen = new Map<string, { place: Place; document: SearchDocument | undefined }>();
  for (const place of batch.gone) seen.set(keyOf(place), { place, document: undefined });
  for (const document of batch.documents) seen.set(keyOf(document), { place: document, document });
  const all = [...seen.values()].sort((a, b) => compareNewestFirst(a.place, b.place));
  const indexed = await entriesAt(
    store,
    segments,
    all.map(({ place }) => place),
  );
  const entries: DocumentEntry[] = [];
  const documents: (SearchDocument | undefined)[] = [];
  let overruled = 0;
  for (const { place, document } of all) {
    const before = indexed.size === 0 ? undefined : indexed.get(keyOf(place));
    const fingerprint = document === undefined ? undefined : fingerprintOf(document);
    if (before?.fingerprint === fingerprint) continue;
    if (before?.fingerprint !== undefined) overruled++;
    const { conversationId, sortKey } = place;
    entries.push({ conversationId, sortKey, timestamp: document?.timestamp ?? before?.timestamp ?? 0, fingerprint });
    documents.push(document);
  }
  return { entries, documents, overruled };
}

/** What the index holds for these places (newest first): the word of the newest segment that knows one. */
async function entriesAt(
  store: Store,
  segments: readonly Segment[],
  places: readonly Place[],
): Promise<ReadonlyMap<string, DocumentEntry>> {
  const found = new Map<string, DocumentEntry>();
  for (const segment of segments.toReversed()) {
    const newest = segment.documentBlocks[0]?.sortKey ?? '';
    const open = new Map<number, Set<string>>();
    for (const place of places) {
      if (place.sortKey > newest || place.sortKey < segment.oldest || found.has(keyOf(place))) continue;
      // Blocks that begin with this very sort key hold places that share it with others.
      for (let block = documentBlockFor(segment, place.sortKey); ; block++) {
        const wanted = open.get(block) ?? new Set<string>();
        open.set(block, wanted.add(keyOf(place)));
        if ((segment.documentBlocks[block + 1]?.sortKey ?? '') < place.sortKey) break;
      }
    }
    for (const [block, wanted] of open) {
      const entries = await readDocumentBlocks(store, segment, block, 1);
      for (const entry of entries) if (wanted.has(keyOf(entry))) found.set(keyOf(entry), entry);
    }
  }
  return found;
}

const keyOf = ({ conversationId, sortKey }: Place): string => `${conversationId} ${sortKey}`;

function build(segmentId: string, segments: readonly Segment[], fresh: Fresh, now: number) {
  const writer = createSegmentWriter(segmentId);
  const postings = new Map<string, number[]>();
  fresh.entries.forEach((entry, doc) => {
    writer.document(entry);
    const document = fresh.documents[doc];
    if (document === undefined) return;
    eachTerm(document, (term) => {
      const docs = postings.get(term);
      if (docs === undefined) postings.set(term, [doc]);
      else if (docs[docs.length - 1] !== doc) docs.push(doc);
    });
  });
  for (const term of [...postings.keys()].sort()) {
    writer.posting({ term, docs: Uint32Array.from(postings.get(term) ?? []) });
  }
  return writer.finish({
    sequence: nextSequence(segments),
    overruled: fresh.overruled,
    overrulesSince: fresh.overruled > 0 ? now : 0,
  });
}

const nextSequence = (segments: readonly SegmentHeader[]): number => (segments.at(-1)?.sequence ?? 0) + 1;
