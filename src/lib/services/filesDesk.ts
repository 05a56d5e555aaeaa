import type { Desk } from './desk.ts';
import type { FilesClient } from './filesClient.ts';

/** What was shared in conversations. */
export const filesDesk = ({ watch }: Desk): FilesClient => ({
  async watchShared(query, show) {
    const { viewShared } = await import('./sharedFiles.ts');
    return watch((session) => viewShared(session, query), show);
  },
});
