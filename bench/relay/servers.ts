import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { build } from 'vite';

/** A server under test, on loopback, in a process of its own. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from the start of the process until it listened. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Where the database for this run is made; dropped at the end. */
const ADMIN_URL = process.env['DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres';

/** A database of its own. @returns its URL and what drops it. */
export async function newDatabase(): Promise<{ url: URL; drop: () => Promise<void> }> {
  const name = `cairn_bench_${process.pid}_${Math.trunc(performance.now())}`;
  const administer = async (statement: string) => {
    const sql = postgres(ADMIN_URL, { max: 1, onnotice: () => undefined });
    await sql.unsafe(statement);
    await sql.end();
  };
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(ADMIN_URL);
  url.pathname = name;
  return { url, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** As JavaScript: taking the types out as it starts costs 40 MB. */
const built = build({
  configFile: false,
  logLevel: 'error',
  root: fileURLToPath(new URL('../..', import.meta.url)),
  build: {
    ssr: 'tests/server/relayProcess.ts',
    target: 'node24',
    // Where its imports are found.
    outDir: 'bench/node_modules/.cairn-relay',
    emptyOutDir: true,
  },
});

/** The relay without the app around it. */
export async function startRelay(env: Readonly<Record<string, string>>): Promise<Server> {
  await built;
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    // As `npm start` does.
    [
      '--max-semi-space-size=1',
      fileURLToPath(new URL('../node_modules/.cairn-relay/relayProcess.js', import.meta.url)),
    ],
    {
      env: { ...process.env, ...FREE, DATA_DIR: folder, DATABASE_URL: '', NATS_URL: '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const printed: unknown[] = await once(child.stdout, 'data');
  const startMs = performance.now() - begun;
  return {
    port: Number(String(printed[0])),
    pid: child.pid ?? 0,
    startMs,
    stop: () => end(child, folder),
  };
}

const FREE = {
  ORIGIN: 'https://relay.test',
  RATE_PER_ADDRESS: '0',
  RATE_PER_DEVICE: '0',
  BYTES_PER_DEVICE: '0',
  ENTRIES_PER_STREAM: '0',
  WORK_BITS: '0',
};

/** ejabberd with its archive in PostgreSQL. */
export async function startEjabberd(database: URL): Promise<Server> {
  const home = '/usr/lib/x86_64-linux-gnu';
  const library = readdirSync(home).find((name) => name.startsWith('ejabberd-')) ?? '';
  const sql = postgres(database.href, { max: 1, onnotice: () => undefined });
  await sql.unsafe(readFileSync('/usr/share/ejabberd/sql/pg.sql', 'utf8'));
  await sql.end();
  const port = await freePort();
  const folder = folderOf('ejabberd');
  writeFileSync(
    join(folder, 'ejabberd.yml'),
    `hosts: [localhost]
loglevel: error
listen:
  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, access: all, starttls: false }
auth_method: internal
registration_timeout: infinity
default_db: mnesia
sql_type: pgsql
sql_server: ${database.hostname}
sql_port: ${database.port || 5432}
sql_database: ${database.pathname.slice(1)}
sql_username: ${database.username}
sql_password: "${database.password}"
modules:
  mod_register: { ip_access: all, access: all }
  mod_roster: {}
  mod_offline: {}
  mod_mam: { db_type: sql, default: always }
`,
  );
  return startAs(
    'ejabberd',
    folder,
    port,
    'erl',
    [
      ...['-noinput', '-pa', join(home, library, 'ebin')],
      ...['-mnesia', 'dir', `"${join(folder, 'mnesia')}"`, '-s', 'ejabberd'],
    ],
    { EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'), EJABBERD_LOG_PATH: join(folder, 'log'), HOME: folder },
  );
}

/** prosody with its archive in its own files, as installed: written without waiting for the disk. */
export async function startProsody(): Promise<Server> {
  const port = await freePort();
  const folder = folderOf('prosody');
  writeFileSync(
    join(folder, 'prosody.cfg.lua'),
    `modules_enabled = { "saslauth", "register_ibr", "roster", "mam", "disco", "offline" }
modules_disabled = { "s2s" }
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
default_archive_policy = true
data_path = "${folder}"
pidfile = "${join(folder, 'pid')}"
log = { error = "${join(folder, 'log')}" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
VirtualHost "localhost"
`,
  );
  return startAs('prosody', folder, port, 'prosody', ['--config', join(folder, 'prosody.cfg.lua'), '-F'], {});
}

export async function startNats(): Promise<Server> {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  await listening(port);
  return { port, pid: child.pid ?? 0, startMs: performance.now() - begun, stop: () => end(child) };
}

/** Installs what is not there, as root, and starts none of it. */
export function installPeers(): boolean {
  const wanted = ['ejabberd', 'prosody'].filter((name) => !existsSync(`/usr/share/doc/${name}`));
  if (wanted.length === 0) return true;
  const { status } = spawnSync(
    'apt-get',
    ['install', '-y', '--no-install-recommends', ...wanted, 'erlang-p1-pgsql', 'lua-dbi-sqlite3', 'lua-sec'],
    { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } },
  );
  return status === 0;
}

/** Seconds of processor time that a process has used, with all its threads. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

async function startAs(
  user: string,
  folder: string,
  port: number,
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const begun = performance.now();
  const child = spawn(command, words, {
    ...idsOf(user),
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listening(port);
  return { port, pid: child.pid ?? 0, startMs: performance.now() - begun, stop: () => end(child, folder) };
}

function folderOf(user: string): string {
  const folder = mkdtempSync(join(tmpdir(), `cairn-bench-${user}-`));
  const { uid, gid } = idsOf(user);
  chownSync(folder, uid, gid);
  return folder;
}

function idsOf(user: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

async function end(child: ChildProcess, folder?: string): Promise<void> {
  const exit = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await exit;
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return address.port;
}

async function listening(port: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens at ${port}`);
}
