import { spawn, type ChildProcess } from 'node:child_process';
import { globSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../ports.ts';

/** Debian's `webkit2gtk-driver` and the screen it draws on. */
export const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
const XVFB = '/usr/bin/Xvfb';

/** A page of WebKitGTK, driven by the W3C WebDriver protocol. Elements are found by accessible role and name. */
export interface WebKitPage {
  goto(url: string): Promise<void>;
  /** Waits until it is there and may be pressed. */
  click(role: string, name: string | RegExp): Promise<void>;
  fill(role: string, name: string, text: string): Promise<void>;
  /** Waits until the page shows it. */
  see(role: string, text: string): Promise<void>;
  /** Runs a function body in the page, which may return a promise. */
  run<T>(body: string, ...args: unknown[]): Promise<T>;
  close(): Promise<void>;
}

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const PATIENCE_MS = 60_000;

/** Finds what is visible by role and accessible name; a pattern may also fit its text. */
const FIND = `
  const [role, name, flags] = arguments;
  const implied = {
    button: 'button, [role=button]', link: 'a[href]', textbox: 'input:not([type=checkbox]), textarea',
    article: 'article', heading: 'h1, h2, h3', listitem: 'li', dialog: 'dialog[open]', status: '[role=status]',
  };
  const fits = (said) => flags === null ? said === name : new RegExp(name, flags).test(said);
  const saidIn = (box) => {
    const copy = box.cloneNode(true);
    for (const silent of copy.querySelectorAll('[aria-hidden=true]')) silent.remove();
    return copy.textContent;
  };
  const labelOf = (box) => {
    const by = box.getAttribute('aria-labelledby');
    return box.getAttribute('aria-label')
      ?? (by === null ? undefined : by.split(' ').map((id) => document.getElementById(id)?.textContent).join(' '))
      ?? (box.labels?.[0] === undefined ? saidIn(box) : saidIn(box.labels[0]));
  };
  return [...document.querySelectorAll(implied[role])]
    .find((box) => box.checkVisibility() && !box.disabled && (fits(labelOf(box).trim()) || (flags !== null && fits(saidIn(box))))) ?? null;`;

/** Whether an element is where it was two frames ago. */
const STANDS_STILL = `
  const [box] = arguments;
  box.scrollIntoView({ block: 'nearest' });
  const place = () => JSON.stringify(box.getBoundingClientRect());
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const before = place();
  return frame().then(frame).then(() => box.isConnected && place() === before);`;

/** Where the page is and what can be read on it. */
const SHOWN = 'return `${location.pathname} (${document.visibilityState})\\n${document.body.innerText}`';

/** Starts a browser of its own; {@link WebKitPage.close} ends it. */
export async function openWebKit(): Promise<WebKitPage> {
  const screen = await startScreen();
  const port = await freePort();
  const driver = spawn(WEBKIT_DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
    env: { ...process.env, DISPLAY: screen.display, WEBKIT_DISABLE_COMPOSITING_MODE: '1', GDK_BACKEND: 'x11' },
    stdio: 'ignore',
  });
  const end = (): void => {
    driver.kill();
    screen.process.kill();
  };
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = (await answer.json()) as { value: T };
    if (!answer.ok) throw new Error(`WebDriver: ${JSON.stringify(value)}`);
    return value;
  };
  try {
    await until(async () => {
      const { ready } = await ask<{ ready: boolean }>('GET', '/status');
      return ready ? true : undefined;
    }, 'the driver');
    const { sessionId } = await ask<{ sessionId: string }>('POST', '/session', {
      capabilities: {
        alwaysMatch: {
          'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
        },
      },
    });
    const here = `/session/${sessionId}`;
    const run = <T>(body: string, ...args: unknown[]): Promise<T> =>
      ask<T>('POST', `${here}/execute/sync`, { script: body, args });
    const find = (role: string, name: string | RegExp): Promise<string> =>
      until(
        async () => {
          const [text, flags] = typeof name === 'string' ? [name, null] : [name.source, name.flags];
          const found = await run<Record<string, string> | null>(FIND, role, text, flags);
          return found?.[ELEMENT];
        },
        `${role} "${String(name)}"`,
      ).catch(async (thrown: unknown) => {
        const shown = await run<string>(SHOWN).catch(String);
        throw new Error(`${String(thrown)}, while the page showed\n${shown}`, { cause: thrown });
      });
    return {
      run,
      goto: (url) => ask('POST', `${here}/url`, { url }),
      // What moves or re-renders between finding and pressing is found again.
      click: (role, name) =>
        until(
          async () => {
            const element = await find(role, name);
            if (!(await run<boolean>(STANDS_STILL, { [ELEMENT]: element }))) return undefined;
            await ask('POST', `${here}/element/${element}/click`, {});
            return true;
          },
          `a press on ${role} "${String(name)}"`,
        ).then(() => undefined),
      fill: async (role, name, text) => {
        const element = await find(role, name);
        await ask('POST', `${here}/element/${element}/clear`, {});
        await ask('POST', `${here}/element/${element}/value`, { text });
      },
      see: async (role, text) => {
        await find(role, new RegExp(RegExp.escape(text)));
      },
      close: async () => {
        await ask('DELETE', here).catch(() => undefined);
        end();
      },
    };
  } catch (thrown) {
    end();
    throw thrown;
  }
}

/** A screen that nobody sees, with a number that Xvfb chooses. */
async function startScreen(): Promise<{ process: ChildProcess; display: string }> {
  const screen = spawn(XVFB, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    screen.once('error', reject);
    screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)));
    screen.stdio[3]?.once('data', (data: Buffer) => resolve(data.toString().trim()));
  });
  return { process: screen, display: `:${number}` };
}

function miniBrowser(): string {
  const [found] = globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser');
  if (found === undefined) throw new Error('there is no MiniBrowser beside the driver');
  return found;
}

/** Asks again until there is an answer; what fails meanwhile is named only if it never ends. */
async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (thrown) {
      last = thrown;
    }
    await pause(100);
  }
  throw new Error(`waited in vain for ${what}`, { cause: last });
}
