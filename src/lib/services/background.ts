import type { Engine } from '../sync/engine.ts';
import type { Session } from '../sync/session.ts';
import type { Transport } from '../sync/transport.ts';
import { keepComplete } from './completing.ts';
import { keepIndexed } from './indexing.ts';
import { keepTogether } from './keepingTogether.ts';
import { keepLinking } from './linkingProgress.ts';
import { keepMerging } from './mergingSpaces.ts';
import { keepPacked } from './packing.ts';
import { keepProfileTold } from './profileTelling.ts';
import { keepTidy } from './tidying.ts';
import { keepTimed } from './timed.ts';
import { keepHeeding } from './revoked.ts';
import { keepTransferring } from './transferring.ts';

/** What an open app does on its own, while nobody waits for it: it is loaded after the vault was opened. */
export interface Background {
  /** There is something to index. */
  pokeIndex(): void;
  /** What is kept of files may be too much. */
  pokeFiles(): void;
  dispose(): void;
}

/**
 * @param isActing whether a person's wish is being carried out, which goes first
 * @param heed see {@link keepHeeding}
 */
export function keepBackground(
  session: Session,
  transport: Transport,
  engine: Engine,
  isActing: () => boolean,
  heed: () => Promise<void>,
): Background {
  const stops = [
    keepTidy(session),
    keepPacked(session),
    keepTimed(session, engine),
    keepMerging(session),
    keepProfileTold(session),
    keepLinking(session, transport, engine),
    keepComplete(session, engine),
    keepTogether(session, engine),
    keepHeeding(session.clock, engine, heed),
  ];
  const transferring = keepTransferring(session, engine);
  const indexing = keepIndexed(session, isActing);
  return {
    pokeIndex: () => indexing.poke(),
    pokeFiles: () => transferring.poke(),
    dispose() {
      for (const stop of stops) stop();
      transferring.dispose();
      indexing.dispose();
    },
  };
}
