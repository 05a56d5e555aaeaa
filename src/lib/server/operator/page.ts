import type { Statistics } from '../store/statisticsTables.ts';
import type { Minute } from './metrics.ts';

export interface Overview {
  readonly stored: Statistics;
  readonly gauges: Readonly<Record<string, number>>;
  readonly minutes: readonly Minute[];
}

/** The operator's page: numbers and three charts of the last hour. Without a script, and with nobody's id. */
export function operatorPage({ stored, gauges, minutes }: Overview): string {
  const rows = Object.entries({ ...stored, ...gauges }).map(
    ([name, value]) =>
      `<tr><th scope="row">${name.replaceAll('_', ' ')}</th><td>${value.toLocaleString('en')}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Cairn relay</title><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="60">
<style>${STYLE}</style></head>
<body><main><h1>Cairn relay</h1>
${chart(
  'Requests a minute',
  minutes.map(({ requests }) => requests),
)}
${chart(
  'Refused a minute',
  minutes.map(({ refused }) => refused),
)}
${chart(
  'Milliseconds for a request',
  minutes.map(({ took, requests }) => (requests === 0 ? 0 : took / requests)),
)}
<table><caption>What the relay holds</caption><tbody>${rows.join('')}</tbody></table>
</main></body></html>`;
}

const WIDTH = 600;
const HEIGHT = 80;

/** Bars from the oldest minute to this one, with the highest value in words. */
function chart(title: string, values: readonly number[]): string {
  const most = Math.max(1, ...values);
  const width = WIDTH / 60;
  const bars = values.map((value, at) => {
    const height = (value / most) * HEIGHT;
    const x = WIDTH - (values.length - at) * width;
    return `<rect x="${x}" y="${(HEIGHT - height).toFixed(1)}" width="${width - 1}" height="${height.toFixed(1)}"/>`;
  });
  const label = `${title}: ${(values.at(-1) ?? 0).toFixed(0)} now, ${Math.max(0, ...values).toFixed(0)} at most in the last hour`;
  return `<figure><figcaption>${label}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${bars.join('')}</svg></figure>`;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: auto; padding: 1rem }
figure { margin: 0 0 1rem } svg { width: 100%; border-bottom: 1px solid; fill: currentColor }
table { border-collapse: collapse; width: 100% } caption, th { text-align: start } td { text-align: end; font-variant-numeric: tabular-nums }
th, td { border-top: 1px solid; padding: .25rem 0; font-weight: normal }`;
