/*
 * The layer table of docs/architecture.md, checked. A layer may import what is listed for it and its
 * own files, nothing else of ours.
 */

const src = (...folders) => `^src/lib/(${folders.join('|')})/`;

/** layer → the layers it may import. */
const layers = {
  core: [],
  protocol: ['core'],
  domain: ['core'],
  crypto: ['core', 'protocol'],
  db: ['core', 'domain'],
  sync: ['core', 'protocol', 'domain', 'crypto', 'db'],
  services: ['core', 'protocol', 'domain', 'crypto', 'db', 'sync'],
  platform: ['core', 'protocol', 'domain', 'crypto', 'db', 'sync', 'services'],
  ui: ['core', 'domain'],
  server: ['core', 'protocol'],
};

const exceptions = {
  // The page knows the engine by the types of its facade; at run time it is handed one.
  ui: ['^src/lib/services/client\\.ts$'],
  // Every commit is held against the policy where it is processed; the policy and its types are pure rules.
  crypto: ['^src/lib/domain/(commitPolicy|groupData|roles)\\.ts$'],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `src/lib/${layer} may import ${allowed.length === 0 ? 'no other layer' : allowed.join(', ')} (docs/architecture.md).`,
  severity: 'error',
  from: { path: src(layer) },
  to: {
    path: '^src/',
    // The page knows the engine by the types of its facade; at run time it is handed one.
    pathNot: [src(layer, ...allowed), ...(exceptions[layer] ?? [])],
  },
}));

const onlyIn = (name, packages, folder, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(src|scripts)/', pathNot: folder },
  to: { path: packages },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'facade-types-only',
      comment: 'The page holds no part of the engine: from the facade it imports types.',
      severity: 'error',
      from: { path: src('ui') },
      to: { path: '^src/lib/services/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'layer-service-worker',
      comment: 'The service worker never holds a message key: it moves ciphertext.',
      severity: 'error',
      from: { path: '^src/service-worker/' },
      to: { path: '^src/', pathNot: ['^src/service-worker/', src('core', 'protocol', 'db', 'sync', 'platform')] },
    },
    {
      name: 'layer-routes',
      comment: 'Routes are thin: they show the ui, compose it with the platform, and hand requests to the relay.',
      severity: 'error',
      from: { path: '^src/(routes/|hooks)' },
      to: { path: src('protocol', 'domain', 'crypto', 'db', 'sync') },
    },
    {
      name: 'routes-know-the-facade-by-type',
      comment: 'What a page may know of the engine are the types of its facade.',
      severity: 'error',
      from: { path: '^src/routes/' },
      to: { path: src('services'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-an-entry',
      comment: 'Routes, hooks and the service worker are entries: what two of them need lives in src/lib.',
      severity: 'error',
      from: { path: '^src/lib/' },
      to: { path: '^src/(routes|service-worker|hooks)' },
    },
    onlyIn(
      'ts-mls-only-in-crypto-mls',
      '^node_modules/(ts-mls|@hpke)/',
      src('crypto/mls'),
      'One facade guards the faults of the library.',
    ),
    onlyIn(
      'dexie-only-in-db',
      '^node_modules/dexie/',
      src('db'),
      'Every read and write passes constraints and sealing.',
    ),
    onlyIn(
      'database-driver-only-in-server-store',
      '^(node:)?sqlite$|^node_modules/postgres/',
      '^src/lib/server/store/|^scripts/rollBack\\.mjs$',
      'The relay speaks to its database through the Store port.',
    ),
    onlyIn(
      'nats-only-in-server-bus',
      '^node_modules/@nats-io/',
      '^src/lib/server/bus/',
      'The relay speaks to its other instances through the Bus port.',
    ),
    {
      name: 'engine-without-node',
      comment: 'The engine runs in browsers: no Node module.',
      severity: 'error',
      from: { path: src('core', 'protocol', 'domain', 'crypto', 'db', 'sync', 'services', 'platform', 'ui') },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-and-domain-need-no-package',
      comment: 'They are plain rules and types.',
      severity: 'error',
      from: { path: src('core', 'domain') },
      to: { path: 'node_modules/' },
    },
    {
      name: 'engine-without-svelte',
      comment: 'The engine also runs headless.',
      severity: 'error',
      from: { path: src('core', 'protocol', 'domain', 'crypto', 'db', 'sync', 'services') },
      to: { path: '^node_modules/(svelte|@sveltejs)/' },
    },
    {
      name: 'sources-without-tests',
      comment: 'What ships imports no test.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|bench|scripts)/' },
    },
    {
      name: 'reading-is-independent',
      comment:
        'The second reading of docs/protocol.md shares nothing with the first: types of the vectors and Node only.',
      severity: 'error',
      from: { path: '^tests/vectors/reading' },
      to: { pathNot: ['^tests/vectors/(reading/|shape)'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that imports nothing is left over.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '\\.d\\.ts$',
          '^src/(routes|service-worker)/',
          '^src/hooks',
          '\\.(test|spec)\\.ts$',
          '^scripts/',
          '^src/lib/ui/paraglide/',
        ],
      },
      to: {},
    },
    {
      name: 'resolvable',
      comment: 'An import leads somewhere. What benchmarks compare with is installed only while they run.',
      severity: 'error',
      from: {},
      to: {
        couldNotResolve: true,
        pathNot: [
          '^\\$(app|env|service-worker|lib)',
          '\\$types$',
          '^virtual:',
          '\\?(worker|url)',
          '^@(matrix-org|signalapp)/',
        ],
      },
    },
    {
      name: 'no-dev-packages-in-sources',
      comment: 'What runs in production is a dependency, not a dev dependency.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: ['^node_modules/(svelte|@sveltejs|@inlang)/', '^node_modules/@types/'],
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '\\.svelte-kit/'] },
    exclude: { path: ['^src/lib/ui/paraglide/', '^bench/node_modules/', '^build/'] },
    // Also what is imported only as a type: layers are about knowing, not only about calling.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'browser', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.svelte.ts', '.json', '.d.ts'],
    },
  },
};
