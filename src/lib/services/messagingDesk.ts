import type { Desk } from './desk.ts';
import type { MessagingClient } from './messagingClient.ts';

const handling = () => import('./handling.ts');
const scheduled = () => import('./scheduled.ts');

/** What is done about sending besides sending at once. */
export const messagingDesk = ({ act, ask, watch, meter }: Desk): MessagingClient => ({
  forwardMessages: (ids, to) =>
    act(async (session) => (await import('./forward.ts')).forwardMessages(session, ids, to)),
  takeBack: (id) => act(async (session) => (await handling()).takeBack(session, id)),
  undoSend: (id) => act(async (session) => (await handling()).undoSend(session, id)),
  letGo: () => act(async (session) => (await handling()).letGo(session)),
  markUnread: (id) => act(async (session) => (await handling()).markUnread(session, id)),
  messageOn: (id, time) => ask(async (session) => (await handling()).messageOn(session, id, time)),
  sendLater: (id, at, input) => act(async (session) => (await scheduled()).sendLater(session, id, at, input)),
  watchScheduled: async (id, show) => {
    const { listScheduled } = await scheduled();
    return watch((session) => listScheduled(session, id), show);
  },
  rewordScheduled: (id, text) => act(async (session) => (await scheduled()).rewordScheduled(session, id, text)),
  reschedule: (id, at) => act(async (session) => (await scheduled()).reschedule(session, id, at)),
  sendScheduled: async (id) => {
    const sent = await act(async (session) => (await scheduled()).sendScheduled(session, id));
    if (sent.ok) meter.count('messages-sent');
    return sent;
  },
  cancelScheduled: (id) => act(async (session) => (await scheduled()).cancelScheduled(session, id)),
  retryUpload: (id, index) => act(async (session) => (await handling()).retryUpload(session, id, index)),
});
