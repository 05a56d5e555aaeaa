import type { SearchBlockRow } from '../store.ts';
import { createByteWriter } from './bytes.ts';
import { createNames, DOCUMENTS_IN_BLOCK, writeDocuments } from './documentBlock.ts';
import type { DocumentEntry } from './documents.ts';
import type { DocumentBlockFacts, SegmentHeader } from './segment.ts';
import { createTermWriter, type BlockStart, type Posting } from './termBlock.ts';

/** Turns documents and then postings, each in their order, into blocks; holds no more than the block under way. */
export interface SegmentWriter {
  document(entry: DocumentEntry): void;
  posting(posting: Posting): void;
  /** How many blocks are complete and were not taken yet. */
  readonly ready: number;
  take(): SearchBlockRow[];
  /** The last blocks, and the header of it all. */
  finish(facts: Pick<SegmentHeader, 'sequence' | 'overruled' | 'overrulesSince'>): {
    header: SegmentHeader;
    blocks: SearchBlockRow[];
  };
}

export function createSegmentWriter(segmentId: string): SegmentWriter {
  const out = createByteWriter();
  const terms = createTermWriter();
  const conversations = createNames();
  const devices = createNames();
  const documentBlocks: DocumentBlockFacts[] = [];
  const termBlocks: BlockStart[] = [];
  let ready: SearchBlockRow[] = [];
  let entries: DocumentEntry[] = [];
  let [documents, gone, oldest] = [0, 0, ''];

  const closeDocuments = () => {
    if (entries.length === 0) return;
    const times = entries.map(({ timestamp }) => timestamp);
    documentBlocks.push({
      sortKey: entries[0]?.sortKey ?? '',
      firstTime: Math.min(...times),
      lastTime: Math.max(...times),
    });
    const postings = writeDocuments(out, entries, conversations, devices);
    ready.push({ segmentId, block: documentBlocks.length - 1, postings });
    entries = [];
  };
  const closeTerms = (isEnd: boolean) => {
    for (const { start, bytes } of terms.take(isEnd)) {
      ready.push({ segmentId, block: documentBlocks.length + termBlocks.length, postings: bytes });
      termBlocks.push(start);
    }
  };
  const take = () => {
    const taken = ready;
    ready = [];
    return taken;
  };

  return {
    document(entry) {
      entries.push(entry);
      documents++;
      if (entry.fingerprint === undefined) gone++;
      oldest = entry.sortKey;
      if (entries.length === DOCUMENTS_IN_BLOCK) closeDocuments();
    },
    posting(posting) {
      closeDocuments();
      terms.add(posting);
      closeTerms(false);
    },
    get ready() {
      return ready.length;
    },
    take,
    finish(facts) {
      closeDocuments();
      closeTerms(true);
      return {
        header: {
          ...facts,
          documents,
          gone,
          oldest,
          conversations: conversations.list,
          devices: devices.list,
          documentBlocks,
          termBlocks,
        },
        blocks: take(),
      };
    },
  };
}
