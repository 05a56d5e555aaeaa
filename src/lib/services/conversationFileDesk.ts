import { err, unwrap } from '../core/result.ts';
import type { ConversationFileClient } from './conversationFileClient.ts';
import type { Desk } from './desk.ts';

type Work = { readonly done: number; readonly of: number } | undefined;

const importing = () => import('./importConversation.ts');

/** One conversation as a file, and back from it: one import at a time in a tab. */
export function conversationFileDesk({ ask, pokeIndex }: Desk): ConversationFileClient {
  let work: Work;
  let isCancelled = false;
  const watchers = new Set<(work: Work) => void>();
  const tell = (next: Work): void => {
    work = next;
    for (const show of watchers) show(next);
  };

  return {
    exportConversation: (id, after) =>
      ask(async (session) =>
        unwrap(await (await import('./exportConversation.ts')).exportConversation(session, id, after)),
      ),
    async importConversation(file) {
      if (work !== undefined) return err({ code: 'busy', retry: 'now' });
      isCancelled = false;
      let told = 0;
      tell({ done: 0, of: 1 });
      const progress = {
        isCancelled: () => isCancelled,
        report(done: number, of: number) {
          if (done - told < of / 100) return;
          told = done;
          tell({ done, of });
        },
      };
      try {
        return await ask(async (session) => {
          const { importConversation } = await importing();
          return unwrap(await importConversation(session, file, progress));
        });
      } finally {
        tell(undefined);
        pokeIndex();
      }
    },
    async watchConversationImport(show) {
      watchers.add(show);
      show(work);
      return () => watchers.delete(show);
    },
    async cancelConversationImport() {
      isCancelled = true;
    },
    dropImported: (id) => ask(async (session) => unwrap(await (await importing()).dropImported(session, id))),
  };
}
