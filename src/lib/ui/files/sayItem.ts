import type { SharedItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

export const nameOf = ({ isVoice, name }: SharedItem): string => (isVoice ? m.files_voice() : name);

/** What its button does, before its name. */
export function sayAct({ kind }: SharedItem): string {
  if (kind === 'image') return m.files_act_open();
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
    case 'failed':
      return m.file_failed();
    case 'gone':
      return m.file_gone();
    case 'here':
      return '';
  }
}
