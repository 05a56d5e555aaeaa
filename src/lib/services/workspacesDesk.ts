import { unwrap } from '../core/result.ts';
import type { Desk } from './desk.ts';
import type { WorkspacesClient } from './workspacesClient.ts';

const spaces = () => import('./workspaces.ts');
const files = () => import('./workspaceFiles.ts');
const views = () => import('./workspaceViews.ts');

/** The part of the client that is about workspaces; its code comes when it is first asked for. */
export const workspacesDesk = ({ act, ask, watch }: Desk): WorkspacesClient => ({
  watchWorkspaces: async (show) => watch((await views()).viewWorkspaces, show),
  async watchWorkspace(id, show) {
    const { openedWorkspace, viewWorkspace } = await views();
    await ask((session) => openedWorkspace(session, id));
    return watch((session) => viewWorkspace(session, id), show);
  },
  createWorkspace: (name, to) => act(async (session) => (await spaces()).createWorkspace(session, name, to)),
  renameWorkspace: (id, name) => act(async (session) => (await spaces()).renameWorkspace(session, id, name)),
  shareWorkspace: (id, to) => act(async (session) => (await spaces()).shareWorkspace(session, id, to)),
  resendWorkspace: (id) => act(async (session) => (await spaces()).resendWorkspace(session, id)),
  dropWorkspace: (id) => act(async (session) => (await spaces()).dropWorkspace(session, id)),
  createFolder: (id, path) => act(async (session) => (await spaces()).createFolder(session, id, path)),
  moveFolder: (id, from, to) => act(async (session) => (await spaces()).moveFolder(session, id, from, to)),
  removeFolder: (id, path) => act(async (session) => (await spaces()).removeFolder(session, id, path)),
  addToWorkspace: (id, folder, some) =>
    act(async (session) => (await files()).addToWorkspace(session, id, folder, some)),
  writeFile: (file, blob) => act(async (session) => (await files()).writeFile(session, file, blob)),
  moveFile: (file, path) => act(async (session) => (await spaces()).moveFile(session, file, path)),
  removeFiles: (some) => act(async (session) => (await spaces()).removeFiles(session, some)),
  restoreFile: (file) => act(async (session) => (await spaces()).restoreFile(session, file)),
  fileHistory: (file) => ask(async (session) => unwrap(await (await files()).fileHistory(session, file))),
  restoreVersion: (file, version) => act(async (session) => (await spaces()).restoreVersion(session, file, version)),
  resolveConflict: (file, choice) => act(async (session) => (await files()).resolveConflict(session, file, choice)),
  openWorkspaceFile: (file, version) =>
    act(async (session) => (await files()).openWorkspaceFile(session, file, version)),
  searchWorkspace: (id, words) => ask(async (session) => (await views()).searchWorkspace(session, id, words)),
  importZip: (id, folder, zip) =>
    act(async (session) => (await import('./workspaceZip.ts')).importZip(session, id, folder, zip)),
  exportZip: (id) => act(async (session) => (await import('./workspaceZip.ts')).exportZip(session, id)),
  syncFolder: (id, folder) =>
    act(async (session) => (await import('./workspaceFolder.ts')).syncFolder(session, id, folder)),
});
