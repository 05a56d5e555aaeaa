import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  test as base,
  chromium,
  expect,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from '@playwright/test';
import { chromiumLaunch } from '../../scripts/chromium.mjs';
import { createCable, type Cable } from './cable.ts';
import { freePort } from './ports.ts';

/** The relay of a test: the built server in a process of its own, on a port and a folder of its own. */
export interface RelayProcess {
  readonly port: number;
  readonly dataDir: string;
  /** Everything it printed. */
  readonly output: () => string;
  start(): Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
}

/** A person with a browser profile of their own. */
export interface Person {
  readonly name: string;
  readonly profile: string;
  /** Their way to the relay. */
  readonly cable: Cable;
  readonly page: Page;
  readonly context: BrowserContext;
  readonly isRunning: boolean;
  /** Waits until the service worker has everything: before, nothing is promised without a network. */
  hasEverything(): Promise<void>;
  /** Ends the browser process; the profile stays. */
  quit(): Promise<void>;
  /** Starts a new browser process on the same profile and opens Cairn; it is locked. */
  reopen(): Promise<void>;
  unlock(): Promise<void>;
  newTab(): Promise<Page>;
}

interface Fixtures {
  /** Where the built app lies, with the script that serves it. */
  appFolder: string;
  relay: RelayProcess;
  /** Makes somebody with an account, in a browser started with more `flags`. */
  join: (name: string, flags?: readonly string[]) => Promise<Person>;
}

export const PASSPHRASE = 'correct horse battery';

export const test = base.extend<Fixtures>({
  appFolder: ['.', { option: true }],
  relay: async ({ appFolder }, use) => {
    const relay = await createRelayProcess(appFolder);
    await relay.start();
    await use(relay);
    await relay.stop();
    rmSync(relay.dataDir, { recursive: true, force: true });
  },
  join: async ({ relay, viewport, colorScheme }, use, info) => {
    const people: Person[] = [];
    const said: string[] = [];
    await use(async (name, flags = []) => {
      const person = await createPerson(relay, name, { viewport, colorScheme }, flags, (line) =>
        said.push(`${name}: ${line}`),
      );
      people.push(person);
      return person;
    });
    if (info.status !== info.expectedStatus) await tellAll(people, said);
    for (const person of people) {
      await person.quit();
      await person.cable.dispose();
      rmSync(person.profile, { recursive: true, force: true });
    }
  },
});

export { expect };

/** What a failed test leaves to find the cause by: what everybody's pages printed and show. */
async function tellAll(people: readonly Person[], said: readonly string[]): Promise<void> {
  console.log(said.join('\n'));
  for (const { name, context } of people.filter((person) => person.isRunning)) {
    for (const page of context.pages()) {
      const shown = await page.locator('body').ariaSnapshot({ timeout: 5_000 });
      console.log(`${name} at ${new URL(page.url()).pathname}\n${shown}`);
    }
  }
}

/** Opens the operator's page of the relay. */
export const OPERATOR_TOKEN = 'the operator of this test';

async function createRelayProcess(appFolder: string): Promise<RelayProcess> {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-relay-'));
  let child: ChildProcess | undefined;
  let output = '';
  return {
    port,
    dataDir,
    output: () => output,
    async start() {
      const started = spawn(process.execPath, [join(appFolder, 'scripts', 'serve.mjs')], {
        env: {
          ...process.env,
          PORT: String(port),
          HOST: '127.0.0.1',
          DATA_DIR: dataDir,
          DATABASE_URL: '',
          NATS_URL: '',
          OPERATOR_TOKEN,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      await new Promise<void>((resolve, reject) => {
        const hear = (data: Buffer) => {
          output += data.toString();
          if (output.includes('Cairn is ready')) resolve();
        };
        started.stdout.on('data', hear);
        started.stderr.on('data', hear);
        started.once('exit', (code) => reject(new Error(`the relay ended with ${code}: ${output}`)));
      });
      output = output.replaceAll('Cairn is ready', 'Cairn was ready');
    },
    async stop() {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGTERM');
      await ended;
    },
  };
}

async function createPerson(
  relay: RelayProcess,
  name: string,
  look: Pick<BrowserContextOptions, 'viewport' | 'colorScheme'>,
  flags: readonly string[],
  hear: (line: string) => void,
): Promise<Person> {
  const profile = mkdtempSync(join(tmpdir(), 'cairn-profile-'));
  const cable = await createCable(relay.port);
  const launch = async () => {
    const options = chromiumLaunch();
    const args = [...options.args, ...flags];
    const context = await chromium.launchPersistentContext(profile, { ...options, args, ...look });
    context.on('console', (message) => hear(`${message.type()} ${message.text()}`));
    context.on('weberror', (thrown) => hear(String(thrown.error())));
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(cable.origin);
    return { context, page };
  };
  let running: { context: BrowserContext; page: Page } | undefined = await launch();
  const current = () => {
    if (running === undefined) throw new Error(`${name}'s browser is not running`);
    return running;
  };
  const person: Person = {
    name,
    profile,
    cable,
    get page() {
      return current().page;
    },
    get context() {
      return current().context;
    },
    get isRunning() {
      return running !== undefined;
    },
    async hasEverything() {
      const page = running?.page;
      if (page?.url().startsWith(cable.origin) !== true) return;
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    },
    async quit() {
      await running?.context.close();
      running = undefined;
    },
    async reopen() {
      running = await launch();
    },
    unlock: () => unlock(current().page),
    async newTab() {
      const page = await current().context.newPage();
      await page.goto(cable.origin);
      await unlock(page);
      return page;
    },
  };
  await createAccount(person.page, name);
  await person.hasEverything();
  return person;
}

export async function createAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await page.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(PASSPHRASE);
  await page.getByRole('textbox', { name: 'Repeat passphrase' }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('button', { name: 'New chat' })).toBeVisible();
}

export async function unlock(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('button', { name: 'New chat' })).toBeVisible();
}

/** Goes to one of the main places. */
export const goTo = (page: Page, place: 'Chats' | 'People' | 'Files' | 'You'): Promise<void> =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click();

export async function inviteCode(page: Page): Promise<string> {
  await goTo(page, 'People');
  await page.getByRole('button', { name: 'My invite code' }).click();
  const dialog = page.getByRole('dialog', { name: 'My invite code' });
  const code = await dialog.getByRole('textbox', { name: 'Invite code' }).inputValue();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  return code;
}

/** `who` adds `others` by their invite codes. */
export async function getToKnow(who: Person, ...others: Person[]): Promise<void> {
  for (const other of others) {
    const code = await inviteCode(other.page);
    await goTo(who.page, 'People');
    await who.page.getByRole('button', { name: 'Add person' }).click();
    await who.page.getByRole('textbox', { name: 'Invite code' }).fill(code);
    await who.page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(who.page.getByRole('list', { name: 'People' }).getByText(other.name)).toBeVisible();
  }
}

export async function startDirect(page: Page, name: string): Promise<void> {
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'Direct chat' }).click();
  await page.getByRole('button', { name, exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
}

export async function startGroup(page: Page, name: string, people: readonly string[]): Promise<void> {
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'New group' }).click();
  await page.getByRole('textbox', { name: 'Group name' }).fill(name);
  for (const person of people) await page.getByRole('checkbox', { name: person }).check();
  await page.getByRole('button', { name: 'Create group' }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
}

/** From now on no file comes to this person by itself. */
export async function loadOnDemand(page: Page): Promise<void> {
  await goTo(page, 'You');
  await page.getByRole('link', { name: 'Storage and maintenance' }).click();
  const never = page.getByRole('group', { name: 'Files load by themselves' }).getByRole('radio', { name: 'Never' });
  await never.check();
  await expect(never).toBeChecked();
}

export async function openChat(page: Page, title: string): Promise<void> {
  await goTo(page, 'Chats');
  await conversation(page, title).click();
  await expect(page.getByRole('log', { name: 'Messages' })).toBeVisible();
}

export const conversation = (page: Page, title: string): Locator =>
  page.getByRole('list', { name: 'Conversations' }).getByRole('link', { name: new RegExp(`^${title}`) });

export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(message(page, text)).toBeVisible();
}

/** The articles of the open conversation, in order. */
export const messages = (page: Page): Locator => page.getByRole('log', { name: 'Messages' }).getByRole('article');

export const message = (page: Page, text: string): Locator => messages(page).filter({ hasText: text });

export const connection = (page: Page): Locator => page.getByRole('status', { name: 'Connection' });
