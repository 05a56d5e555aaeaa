import type { Notice } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import type * as notices from './notices.ts';

let loaded = $state.raw<typeof notices>();
let isAsked = false;

/** A system line. All but the one that begins a group are empty until their words are loaded, which the first starts. */
export function sayNotice(notice: Notice): string {
  if (notice.what === 'created') {
    return notice.by === '' ? m.notice_created_you() : m.notice_created({ by: notice.by });
  }
  if (!isAsked) {
    isAsked = true;
    void import('./notices.ts').then(
      (words) => (loaded = words),
      // Another line asks again: there was no network, and the first visit did not get as far as keeping them.
      () => (isAsked = false),
    );
  }
  return loaded?.wordsOfNotice(notice) ?? '';
}
