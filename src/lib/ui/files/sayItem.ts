import type { SharedItem } from '../../services/client.ts';
import { showsPdf } from '../attachments/pdf.ts';
import { m } from '../paraglide/messages.js';

export const nameOf = ({ isVoice, name }: SharedItem): string => (isVoice ? m.files_voice() : name);

/** Whether this browser shows it itself. */
export const isPdf = ({ kind, name }: SharedItem): boolean => kind === 'document' && showsPdf(name);

/** What its button does, before its name. */
export function sayAct(item: SharedItem): string {
  const { kind } = item;
  if (kind === 'image' || isPdf(item)) return m.files_act_open();
  return kind === 'document' ? m.files_act_save() : m.files_act_play();
}

/** What the button of a picture does. */
export function openName(item: SharedItem): string {
  const name = nameOf(item);
  return item.kind === 'image' ? m.file_open_image({ name }) : m.file_open_video({ name });
}

/** Where its bytes are, unless they are here. */
export function sayWhere({ state, progress }: SharedItem): string {
  switch (state) {
    case 'absent':
      return m.files_absent();
    case 'fetching':
      return m.file_fetching({ percent: progress });
    case 'uploading':
      return m.file_uploading({ percent: progress });
    case 'held':
      return m.file_held({ percent: progress });
    case 'failed':
      return m.file_failed();
    case 'gone':
      return m.file_gone();
    case 'here':
      return '';
  }
}
