import type { WaitingItem } from '../../services/client.ts';
import { m } from '../paraglide/messages.js';

const operations = {
  message: m.activity_message,
  scheduled: m.activity_scheduled,
  edit: m.activity_edit,
  delete: m.activity_delete,
  react: m.activity_react,
  unreact: m.activity_unreact,
  pin: m.activity_pin,
  unpin: m.activity_unpin,
  create: m.activity_create,
  add: m.activity_add,
  remove: m.activity_remove,
  role: m.activity_role,
  settings: m.activity_settings,
  link: m.activity_link,
  join: m.activity_join,
  transfer: m.activity_transfer,
  rejoin: m.activity_rejoin,
  leave: m.activity_leave,
} as const satisfies Record<WaitingItem['what'], (names: { title: string }) => string>;

export const sayOperation = (item: WaitingItem): string => operations[item.what]({ title: item.title });

const statuses = {
  waiting: m.activity_waiting,
  sending: m.activity_sending,
  rekeying: m.activity_rekeying,
  failed: m.activity_failed,
} as const satisfies Record<WaitingItem['status'], () => string>;

export const sayStatus = (item: WaitingItem): string => statuses[item.status]();
