import type { SharedKind } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

export type KindFilter = SharedKind | 'all';

/** Kinds of files as one chooses among them. */
export const kindNames: Readonly<Record<KindFilter, () => string>> = {
  all: m.files_all,
  image: m.files_images,
  video: m.files_videos,
  audio: m.files_audio,
  document: m.files_documents,
  link: m.files_links,
};

export const kindFilters = Object.keys(kindNames) as readonly KindFilter[];

/** Where nothing of the kind was shared. */
export const kindEmpty: Readonly<Record<KindFilter, () => string>> = {
  all: m.files_empty_text,
  image: m.files_no_images,
  video: m.files_no_videos,
  audio: m.files_no_audio,
  document: m.files_no_documents,
  link: m.files_no_links,
};
