import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ownEnvironment, root } from './setupRun.mjs';

/**
 * `npm run simulate -- --seeds N --base B [--devices D] [--steps S]`: N seeds of each kind from base B, each
 * over up to D devices. Prints what they went through; ends with 1 where an invariant broke, and names the
 * seed and the step.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    base: { type: 'string', default: 'cairn' },
    devices: { type: 'string', default: '8' },
    steps: { type: 'string', default: '200' },
  },
});

const { status } = spawnSync('vitest', ['run', '--project', 'node', 'tests/simulator'], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...ownEnvironment(),
    SIMULATE_SEEDS: values.seeds,
    SIMULATE_BASE: values.base,
    SIMULATE_DEVICES: values.devices,
    SIMULATE_STEPS: values.steps,
  },
});
process.exit(status ?? 1);
