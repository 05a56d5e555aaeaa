import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { PublicGroupsClient } from './publicGroupsClient.ts';

const groups = () => import('./publicGroups.ts');

/** Links that are out, and groups that want to be found. */
export const publicGroupsDesk = ({ act, ask, watch }: Desk): PublicGroupsClient => ({
  async watchLinks(show) {
    return watch((await groups()).viewLinks, show);
  },
  revokeLink: (id) => act(async (session) => (await groups()).revokeLink(session, id)),
  listInDirectory: (id) => ask(async (session) => unwrap(await (await groups()).listInDirectory(session, id))),
  unlist: (id) => ask(async (session) => unwrap(await (await groups()).unlist(session, id))),
  findGroups: (query, after) =>
    ask(async (session) => unwrap(await (await groups()).findGroups(session, query, after))),
});
