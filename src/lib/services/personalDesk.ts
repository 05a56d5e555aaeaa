import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { SettingsClient } from './settingsClient.ts';

const settings = () => import('./settingsDesk.ts');
const folders = () => import('./folders.ts');

/** What a person sets for themselves. */
export const personalDesk = ({ act, ask, watch }: Desk): SettingsClient => ({
  async watchPreferences(show) {
    return watch((await settings()).viewPreferences, show);
  },
  savePreferences: (changes) =>
    ask(async (session) => unwrap(await (await settings()).savePreferences(session, changes))),
  openNotes: (title) => act(async (session) => (await settings()).openNotes(session, title)),
  setConversation: (id, marks) =>
    ask(async (session) => unwrap(await (await settings()).setConversation(session, id, marks))),
  async watchChatFolders(show) {
    return watch((await folders()).viewFolders, show);
  },
  saveChatFolder: (folder) => ask(async (session) => unwrap(await (await folders()).saveChatFolder(session, folder))),
  removeChatFolder: (id) => ask(async (session) => unwrap(await (await folders()).removeChatFolder(session, id))),
  conversationFigures: (id) =>
    ask(async (session) => unwrap(await (await import('./conversationFigures.ts')).conversationFigures(session, id))),
  async watchContact(person, show) {
    const { viewContact } = await settings();
    return watch((session) => viewContact(session, person), show);
  },
  saveContact: (person, changes) =>
    ask(async (session) => unwrap(await (await settings()).saveContact(session, person, changes))),
});
