import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { MessagesClient } from './messagesClient.ts';

const changes = () => import('./changes.ts');
const files = () => import('./files.ts');
const details = () => import('./messageDetails.ts');
const threads = () => import('./threads.ts');

/** Messages that are there, threads, and files. */
export const messagesDesk = ({ act, ask, watch, meter }: Desk): Omit<MessagesClient, 'sendText'> => ({
  async sendFiles(id, outgoing, text, about) {
    const sent = await act(async (session) => (await files()).sendFiles(session, id, outgoing, text, about));
    if (sent.ok) meter.count('messages-sent');
    return sent;
  },
  openFile: (id, index) => act(async (session) => (await files()).openFile(session, id, index)),
  fileThumbnail: (id, index) => ask(async (session) => unwrap(await (await files()).fileThumbnail(session, id, index))),
  editMessage: (id, text) => act(async (session) => (await changes()).editMessage(session, id, text)),
  deleteMessage: (id, from) => act(async (session) => (await changes()).deleteMessage(session, id, from)),
  react: (id, emoji) => act(async (session) => (await changes()).setReaction(session, id, emoji, true)),
  recentReactions: () => ask(async (session) => (await changes()).recentReactions(session)),
  unreact: (id, emoji) => act(async (session) => (await changes()).setReaction(session, id, emoji, false)),
  pin: (id) => act(async (session) => (await changes()).setPin(session, id, true)),
  unpin: (id) => act(async (session) => (await changes()).setPin(session, id, false)),
  messageHistory: (id) => ask(async (session) => (await details()).messageHistory(session, id)),
  messageInfo: (id) => ask(async (session) => (await details()).messageInfo(session, id)),
  watchThread: async (id, head, limit, show) => {
    const { viewThread } = await threads();
    return watch((session) => viewThread(session, id, head, limit), show);
  },
  readThread: (id, head) => ask(async (session) => unwrap(await (await threads()).readThread(session, id, head))),
});
