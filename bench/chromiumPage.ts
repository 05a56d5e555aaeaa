import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright';
import { build } from 'vite';
import { chromiumLaunch } from '../scripts/chromium.mjs';

export interface PageBenchmark {
  /** Module that is bundled for the page; it sets `globalThis.measure`. */
  readonly entry: URL;
  /** Files of peers served beside it, by name; those that end in `.js` run before the module. */
  readonly files: Readonly<Record<string, URL>>;
  /** What `measure` is asked, as JSON says it. */
  readonly question?: unknown;
  /** Further flags of the browser. */
  readonly flags?: readonly string[];
}

/** What `globalThis.measure()` answers in a page of headless Chromium, and that browser's version. */
export async function measureInChromium({
  entry,
  files,
  question,
  flags = [],
}: PageBenchmark): Promise<{ answer: unknown; version: string }> {
  const script = await bundle(entry);
  const scripts = Object.keys(files).filter((name) => name.endsWith('.js'));
  const page = `<!doctype html><title>bench</title>${scripts.map((name) => `<script src="/${name}"></script>`).join('')}
<script type="module" src="/page.mjs"></script>`;
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const file = files[name];
    if (name === '') response.setHeader('content-type', 'text/html').end(page);
    else if (name === 'page.mjs') response.setHeader('content-type', 'text/javascript').end(script);
    else if (file === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', typeOf(name)).end(readFileSync(file));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const launch = chromiumLaunch();
  const browser = await chromium.launch({ ...launch, args: [...launch.args, ...flags] });
  try {
    const tab = await browser.newPage();
    tab.on('pageerror', (error) => console.error(error));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.waitForFunction('typeof globalThis.measure === "function"');
    return {
      answer: await tab.evaluate(`globalThis.measure(${JSON.stringify(question) ?? ''})`),
      version: browser.version(),
    };
  } finally {
    await browser.close();
    server.close();
  }
}

const typeOf = (name: string): string => (name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript');

/** Minified as the product is. */
async function bundle(entry: URL): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2023',
      lib: { entry: entry.pathname, formats: ['es'] },
      minify: true,
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !('output' in output)) throw new Error('nothing was bundled');
  return output.output[0].code;
}
