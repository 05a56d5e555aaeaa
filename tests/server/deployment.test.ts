import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { limits } from '../../src/lib/protocol/limits.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
const valueOf = (text: string, pattern: RegExp) => matches(text, pattern)[0];

const { scripts } = v.parse(v.object({ scripts: v.record(v.string(), v.string()) }), JSON.parse(read('package.json')));
const unit = read('docs/deployment/cairn.service');
const env = read('docs/deployment/cairn.env');
const container = read('docs/deployment/Containerfile');
const compose = read('docs/deployment/compose.yaml');
const guide = read('docs/deployment.md');

/** What the process reads, in the sources of what runs there. */
const known = new Set(
  ['src/lib/server/running.ts', 'src/lib/server/nodeHttp.ts', 'scripts/serve.mjs'].flatMap((path) =>
    matches(read(path), /(?:env\['|amount\(env, ')([A-Z][A-Z0-9_]*)'/g),
  ),
);
/** What the relay's service in the compose file is given. */
const relayService = compose.slice(compose.indexOf('  relay:'), compose.indexOf('  database:'));

describe('variables', () => {
  test('that the process reads stand in the guide for operators, and none besides', () => {
    const table = read('docs/operations.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => matches(line.split('|')[1] ?? '', /`([A-Z][A-Z0-9_]*)`/g));
    const own = [...known].filter((name) => name !== 'BODY_SIZE_LIMIT');
    expect(own.length).toBeGreaterThan(20);
    expect(table.toSorted()).toEqual(own.toSorted());
  });

  test.each([
    ['the environment of the unit', matches(env, /^([A-Z0-9_]+)=/gm)],
    ['the image', matches(container, /([A-Z_]+)=/g)],
    ['the compose file', matches(relayService, /^ {6}([A-Z0-9_]+):/gm)],
    ['the guide', matches(guide, /(?:-e |\b)([A-Z0-9]+_[A-Z_]+)=\S/g).filter((name) => !/PASSWORD/.test(name))],
  ])('of %s are ones that the process reads', (_, names) => {
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  test('that the compose file asks for are set in the guide', () => {
    const wanted = new Set(matches(compose, /\$\{([A-Z_]+)/g));
    for (const name of wanted) expect(guide).toMatch(new RegExp(`export .*\\b${name}=`));
  });
});

describe('commands and paths', () => {
  test('of npm are in package.json', () => {
    const texts = [unit, container, guide].join('\n');
    for (const name of matches(texts, /npm (?:run )?(?:--silent )?((?:start|build|[a-z]+:[a-z]+)\b)/g))
      expect(Object.keys(scripts)).toContain(name);
    expect(scripts['start']).toContain('scripts/serve.mjs');
  });

  test('of the unit are those that the guide makes', () => {
    expect(valueOf(unit, /^EnvironmentFile=(.*)$/gm)).toBe('/etc/cairn.env');
    expect(guide).toContain('install -m 600 cairn.env /etc/cairn.env');
    expect(guide).toContain(`git clone <this repository> ${valueOf(unit, /^WorkingDirectory=(.*)$/gm)} `);
    expect(guide).toContain(`useradd --system --home /var/lib/cairn --create-home ${valueOf(unit, /^User=(.*)$/gm)}`);
    const writable = valueOf(unit, /^ReadWritePaths=(.*)$/gm)?.split(' ') ?? [];
    const dataDir = valueOf(env, /^DATA_DIR=(.*)$/gm) ?? '';
    expect(writable).toContain(dirname(dataDir));
    // It builds where it stands.
    expect(writable).toContain(valueOf(unit, /^WorkingDirectory=(.*)$/gm));
    expect(guide).toContain(`DATA_DIR=${dataDir} `);
  });

  test('of the image are there, or made by the build', () => {
    for (const path of matches(container, /^COPY --from=build \/app\/(\S+)/gm))
      expect(existsSync(join(root, path)) || path === 'build', path).toBe(true);
    const command = v.parse(v.array(v.string()), JSON.parse(valueOf(container, /^CMD (\[.*\])$/gm) ?? ''));
    expect(existsSync(join(root, command.at(-1) ?? ''))).toBe(true);
    // As `npm start` runs it, but for what ties it to a parent.
    for (const part of command) expect(`${scripts['start']}`).toContain(part);
    const ignored = read('docs/deployment/Containerfile.dockerignore').trim().split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'node_modules', 'build', 'data']));
    expect(existsSync(join(root, 'docs/deployment', valueOf(compose, /context: (.*)$/gm) ?? '', 'package.json'))).toBe(
      true,
    );
    expect(existsSync(join(root, valueOf(compose, /dockerfile: (.*)$/gm) ?? ''))).toBe(true);
  });

  test('that the guide links to are there', () => {
    for (const path of matches(guide, /\]\(([^)#]+)/g)) expect(existsSync(join(root, 'docs', path)), path).toBe(true);
  });
});

describe('what stands in front', () => {
  const nginx = read('docs/deployment/nginx.conf');
  const caddy = read('docs/deployment/Caddyfile');

  test('asks where the relay listens', () => {
    const port = valueOf(env, /^PORT=(.*)$/gm);
    expect(valueOf(nginx, /proxy_pass http:\/\/localhost:(\d+)/g)).toBe(port);
    expect(valueOf(caddy, /reverse_proxy localhost:(\d+)/g)).toBe(port);
    const inside = valueOf(container, /PORT=(\d+)/g);
    expect(valueOf(container, /^EXPOSE (\d+)/gm)).toBe(inside);
    expect(valueOf(container, /127\.0\.0\.1:(\d+)\/readyz/g)).toBe(inside);
    expect(valueOf(compose, /--to relay:(\d+)/g)).toBe(inside);
    expect(compose).toContain(`/data`);
  });

  test('passes sockets, whole bodies and who asks', () => {
    expect(nginx).toMatch(/proxy_set_header Upgrade \$http_upgrade;/);
    expect(nginx).toMatch(/proxy_set_header Host \$host;/);
    expect(Number(valueOf(nginx, /client_max_body_size (\d+)m/g)) * 2 ** 20).toBeGreaterThanOrEqual(limits.body);
    for (const settings of [env, relayService]) expect(settings).toMatch(/ADDRESS_HEADER[=:] ?X-Forwarded-For/);
    expect(nginx).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
test.skipIf(!hasSystemd || !existsSync('/usr/bin/npm'))('systemd finds nothing wrong with the unit', () => {
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(root, 'docs/deployment/cairn.service')]);
  expect(stderr.toString().includes('cairn.service')).toBe(false);
  expect(status).toBe(0);
});
