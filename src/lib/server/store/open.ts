import type { Logger } from '../../core/ports.ts';
import type { Store } from './port.ts';
import { openSqliteStore } from './sqlite.ts';

/** The store that the operator chose: PostgreSQL where there is a `databaseUrl`, else embedded in `dataDir`. */
export async function openStore(options: {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly now: number;
  readonly logger: Logger;
}): Promise<Store> {
  const { databaseUrl } = options;
  if (databaseUrl === undefined) return openSqliteStore(options);
  // A relay with an embedded store never loads the driver.
  const { openPostgresStore } = await import('./postgres.ts');
  return openPostgresStore({ ...options, url: databaseUrl });
}
