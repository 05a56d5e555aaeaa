import { describe } from 'vitest';
import { accountsConform } from './conformance/accounts.ts';
import { appendsConform } from './conformance/appends.ts';
import { blobsConform } from './conformance/blobs.ts';
import type { Engine } from './conformance/engine.ts';
import { keyPackagesConform } from './conformance/keyPackages.ts';
import { loginsConform } from './conformance/logins.ts';
import { livesConform } from './conformance/lives.ts';
import { noticesConform } from './conformance/notices.ts';
import { orderConforms } from './conformance/order.ts';
import { rendezvousConforms } from './conformance/rendezvous.ts';
import { retentionConforms } from './conformance/retention.ts';
import { streamsConform } from './conformance/streams.ts';
import { transactionsConform } from './conformance/transactions.ts';

/** What every store has to do, whatever it is made of. */
export function storeConforms(name: string, engine: Engine): void {
  describe(`the store in ${name}`, () => {
    transactionsConform(engine);
    accountsConform(engine);
    loginsConform(engine);
    keyPackagesConform(engine);
    streamsConform(engine);
    appendsConform(engine);
    blobsConform(engine);
    livesConform(engine);
    noticesConform(engine);
    rendezvousConforms(engine);
    retentionConforms(engine);
    orderConforms(engine);
  });
}
