import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import postgres from 'postgres';
import { onTestFinished } from 'vitest';

/**
 * The servers that some tests need: `DATABASE_URL` and `NATS_URL`, on this machine by default. Where there is
 * none those tests are skipped, and say so; with `CAIRN_REQUIRE_SERVICES=1` they fail.
 */
export const databaseUrl = await reachable('DATABASE_URL', 'postgres://postgres@127.0.0.1:5432/postgres');

export const natsUrl = await reachable('NATS_URL', 'nats://127.0.0.1:4222');

async function reachable(variable: string, standard: string): Promise<string | undefined> {
  const url = process.env[variable] || standard;
  const { hostname, port } = new URL(url);
  const isThere = await new Promise<boolean>((resolve) => {
    const socket = connectTcp({ host: hostname, port: Number(port), timeout: 2_000 });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
  if (isThere) return url;
  const message = `Nothing listens at ${hostname}:${port} (${variable}).`;
  if (process.env['CAIRN_REQUIRE_SERVICES'] === '1') throw new Error(message);
  console.warn(`SKIPPED: ${message} Tests that need it do not run.`);
  return undefined;
}

/**
 * A URL to an empty schema of its own in the test database. The schema is gone when the test is over or, where
 * it is made outside of one, when `after` is called.
 */
export async function emptyDatabase(after?: (() => Promise<void>)[]): Promise<string> {
  if (databaseUrl === undefined) throw new Error('no database');
  const schema = `cairn_test_${randomBytes(8).toString('hex')}`;
  await administer(`CREATE SCHEMA ${schema}`);
  const drop = () => administer(`DROP SCHEMA ${schema} CASCADE`);
  if (after === undefined) onTestFinished(drop);
  else after.push(drop);
  const url = new URL(databaseUrl);
  url.searchParams.set('search_path', schema);
  url.searchParams.set('application_name', schema);
  return url.href;
}

/** Ends every connection to an {@link emptyDatabase}, as a restart of the server would. */
export async function cutConnections(url: string): Promise<void> {
  const name = new URL(url).searchParams.get('application_name') ?? '';
  await administer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${name}'`);
}

async function administer(statement: string): Promise<void> {
  const sql = postgres(databaseUrl ?? '', { max: 1, onnotice: () => undefined });
  await sql.unsafe(statement);
  await sql.end();
}
