import { err, unwrap } from '../core/result.ts';
import type { AccountClient } from './accountClient.ts';
import { LOCKED, type Desk } from './desk.ts';

const life = () => import('./accountLife.ts');
const sessions = () => import('./accountSessions.ts');

/** The account as a whole. */
export const accountDesk = ({ ports, open, act, ask, watch, dispose }: Desk): AccountClient => ({
  watchAccount: async (show) => watch((await life()).viewAccount, show),
  setAccountActive: (isActive) =>
    act(async (session) => (await life()).setAccountActive(session, ports.transport, isActive)),
  watchSessions: async (show) => watch((await sessions()).viewSessions, show),
  refreshSessions: () => ask(async (session) => unwrap(await (await sessions()).refreshSessions(session))),
  endSessions: (device) => ask(async (session) => unwrap(await (await sessions()).endSessions(session, device))),
  async watchSignIns(limit, show) {
    const { listSignIns } = await sessions();
    return watch((session) => listSignIns(session, limit), show);
  },
  async deleteAccount(input) {
    const opened = open();
    return opened === undefined ? err(LOCKED) : (await life()).deleteAccount({ ports, ...opened, dispose }, input);
  },
});
