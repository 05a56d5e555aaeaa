import { unwrap } from '../core/result.ts';
import type { ConversationsClient } from './conversationsClient.ts';
import type { Desk } from './desk.ts';

type Now = 'watchConversations' | 'watchConversation' | 'openDirect' | 'createGroup' | 'saveDraft' | 'markRead';

const joining = () => import('./joining.ts');
const membership = () => import('./membership.ts');

/** Conversations that are there: who is in them, how one comes in, what holds in them. */
export const conversationsDesk = ({ act, ask }: Desk): Omit<ConversationsClient, Now> => ({
  addPeople: (id, people) => act(async (session) => (await membership()).addPeople(session, id, people)),
  removePerson: (id, person) => act(async (session) => (await membership()).removePerson(session, id, person)),
  setRole: (id, person, role) => act(async (session) => (await membership()).setRole(session, id, person, role)),
  transferOwnership: (id, person) =>
    act(async (session) => (await membership()).transferOwnership(session, id, person)),
  changeGroup: (id, input) => act(async (session) => (await membership()).changeGroup(session, id, input)),
  joinLink: (id) => ask(async (session) => unwrap(await (await joining()).joinLinkOf(session, id))),
  changeJoinLink: (id, password) => act(async (session) => (await joining()).changeJoinLink(session, id, password)),
  lookAtLink: (code, password) => act(async (session) => (await joining()).lookAtLink(session, code, password)),
  joinGroup: (code, options) => act(async (session) => (await joining()).joinGroup(session, code, options)),
  setDisappearing: (id, after) =>
    act(async (session) => (await import('./disappearing.ts')).setDisappearing(session, id, after)),
  leaveGroup: (id) => act(async (session) => (await membership()).leaveGroup(session, id)),
});
