import type { Desk } from './desk.ts';
import type { FilesClient } from './filesClient.ts';

const transfers = () => import('./transfers.ts');

/** What was shared in conversations, and files on their way. */
export const filesDesk = ({ ask, act, watch, pokeFiles }: Desk): FilesClient => ({
  async watchShared(query, show) {
    const { viewShared } = await import('./sharedFiles.ts');
    return watch((session) => viewShared(session, query), show);
  },
  async watchTransfers(limit, show) {
    const { viewTransfers } = await transfers();
    return watch((session) => viewTransfers(session, limit), show);
  },
  changeTransfer: (id, change) => act(async (session) => (await transfers()).changeTransfer(session, id, change)),
  forgetTransfers: () => act(async (session) => (await transfers()).forgetTransfers(session)),
  watchFileSettings: async (show) => watch((await transfers()).viewFileSettings, show),
  async saveFileSettings(changes) {
    const saved = await act(async (session) => (await transfers()).changeFileSettings(session, changes));
    if (saved.ok) pokeFiles();
    return saved;
  },
  keptFiles: () => ask(async (session) => (await transfers()).keptBytes(session)),
});
