import type { TransferItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';
import { shownSize } from '../storage/sizes.ts';
import { shownLocale } from '../words/locale.ts';
import { sayFault } from '../words/reasons.svelte.ts';
import type { Pace } from './pace.ts';

/** Where a file stands, in a line of parts. */
export function sayTransfer(item: TransferItem, pace: Pace | undefined, isOnline: boolean): string {
  const { state, size, done, isUp } = item;
  const amount = m.transfer_amount({ done: shownSize(done), size: shownSize(size) });
  switch (state) {
    case 'preparing':
      return join(shownSize(size), m.transfer_preparing());
    case 'waiting':
    case 'running':
      if (!isOnline) return join(amount, m.transfer_offline());
      if (item.reason !== undefined) return join(shownSize(size), sayFault({ code: item.reason }));
      if (state === 'waiting') return join(shownSize(size), m.transfer_waiting());
      return pace === undefined
        ? amount
        : join(amount, m.transfer_speed({ size: shownSize(pace.speed) }), m.transfer_left({ time: span(pace.left) }));
    case 'paused':
      return join(amount, m.transfer_paused());
    case 'failed':
      return join(shownSize(size), item.reason === undefined ? m.file_failed() : sayFault({ code: item.reason }));
    case 'cancelled':
      return join(shownSize(size), m.transfer_cancelled());
    case 'done':
      return join(shownSize(size), isUp ? m.transfer_sent() : m.transfer_here());
  }
}

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ');

/** About as long, in one unit. */
function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const [value, unit] =
    seconds < 60
      ? ([seconds, 'second'] as const)
      : seconds < 3600
        ? ([Math.round(seconds / 60), 'minute'] as const)
        : ([Math.round(seconds / 3600), 'hour'] as const);
  return new Intl.NumberFormat(shownLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
