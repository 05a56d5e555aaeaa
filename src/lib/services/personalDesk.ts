import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { SettingsClient } from './settingsClient.ts';

const settings = () => import('./settingsDesk.ts');

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
  conversationFigures: (id) =>
    ask(async (session) => unwrap(await (await import('./conversationFigures.ts')).conversationFigures(session, id))),
  exportConversation: (id) =>
    ask(async (session) => unwrap(await (await import('./exportConversation.ts')).exportConversation(session, id))),
  async watchContact(person, show) {
    const { viewContact } = await settings();
    return watch((session) => viewContact(session, person), show);
  },
  saveContact: (person, changes) =>
    ask(async (session) => unwrap(await (await settings()).saveContact(session, person, changes))),
});
