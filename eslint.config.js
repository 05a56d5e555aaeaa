import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/*
 * The house's own rules come last, each with its reason in its message. Which layer may import which, and
 * which folder may use which package, is in .dependency-cruiser.js.
 */

const ENGINE = 'src/lib/{core,protocol,domain,crypto,db,sync,services}/**/*.ts';

/** @param {string} selector @param {string} message */
const banned = (selector, message) => ({ selector, message });

const anywhere = [
  banned('TSEnumDeclaration', 'Plain Node runs these files by stripping types: no enums.'),
  banned('TSParameterProperty', 'Plain Node runs these files by stripping types: no parameter properties.'),
];

const inSources = [
  banned(
    'Identifier[name=/^(unsafeTestingAuthenticationService|defaultAuthenticationService|acceptAll)$/]',
    'It accepts any credential or any proposal: a stranger would be let into a group. Our own checks the certificate and the commit policy.',
  ),
];

/** The engine runs under a clock, a random source and a transport of its caller's, so that it can be simulated. */
const inEngine = [
  banned(
    "NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date']",
    'Reads the real clock: take the time from the Clock port.',
  ),
  banned(
    'MemberExpression[property.name=/^(getRandomValues|randomUUID|randomSecretKey|randomPrivateKey)$/]',
    'Unseeded randomness: take bytes from the Random port.',
  ),
  banned(
    'ImportSpecifier[imported.name=/^(randomBytes|randomSecretKey|managedNonce)$/]',
    'Unseeded randomness: take bytes from the Random port.',
  ),
  banned(
    'MemberExpression[object.name=/^(globalThis|self|window)$/][property.name=/^(setTimeout|setInterval|setImmediate|requestAnimationFrame|queueMicrotask|fetch|WebSocket|Date|Math|performance)$/]',
    'The engine reaches time, chance and the network through its ports only.',
  ),
  banned(
    'ImportDeclaration[source.value=/^\\.{1,2}\\/(?!.*\\.(ts|js|mjs|json)$)/]',
    'Plain Node runs these files: write the extension, `../core/bytes.ts`.',
  ),
];

const inTests = [
  banned(
    'MemberExpression[property.name=/^(waitForTimeout|waitForLoadState)$/]',
    'Sleeping is slow and flaky: wait for what the person would see.',
  ),
  banned(
    "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']",
    'Sleeping is slow and flaky: wait on a condition (`vi.waitFor`, `expect.poll`) or move a clock of your own.',
  ),
  banned(
    'MemberExpression[object.name=/^(test|it|describe|suite)$/][property.name=/^(skip|only|todo|fixme|fails)$/]',
    'A test runs, always, or it goes.',
  ),
];

/** @param {string} port */
const viaPort = (port) => `Take it from the ${port} port (core/ports.ts): the engine runs under the caller's.`;

export default ts.config(
  {
    ignores: [
      '.svelte-kit/',
      'build/',
      'data/',
      'coverage/',
      'node_modules/',
      'bench/node_modules/',
      'src/lib/ui/paraglide/',
      'test-results/',
      'shots/',
      'playwright-report/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  ...svelte.configs.prettier,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      // TypeScript knows which names exist.
      'no-undef': 'off',
      'no-console': 'off',
      'no-restricted-syntax': ['error', ...anywhere],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': false }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A port's method may be asynchronous by contract and answer at once.
      '@typescript-eslint/require-await': 'off',
      // Methods of ours are closures in plain objects: there is no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // Numbers in a sentence are fine.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
    },
  },
  {
    files: ['src/**'],
    // The app has its origin to itself: the worker's scope and the relay's paths start at the root.
    rules: { 'svelte/no-navigation-without-resolve': 'off' },
  },
  {
    files: ['src/**/*.{ts,svelte}'],
    rules: { 'no-restricted-syntax': ['error', ...anywhere, ...inSources] },
  },
  {
    files: ['src/lib/**/*.{ts,svelte}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['$lib', '$lib/**'],
              message: 'Inside src/lib, import by relative path: plain Node knows no $lib.',
            },
          ],
        },
      ],
    },
  },
  {
    files: [ENGINE],
    rules: {
      'no-restricted-syntax': ['error', ...anywhere, ...inSources, ...inEngine],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'performance'].map((name) => ({
          name,
          message: viaPort('Clock'),
        })),
        ...['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource'].map((name) => ({
          name,
          message: viaPort('Transport'),
        })),
        ...['window', 'document', 'navigator', 'location', 'localStorage', 'sessionStorage'].map((name) => ({
          name,
          message: 'The engine also runs where there is no page.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: viaPort('Clock') },
        { object: 'performance', property: 'now', message: viaPort('Clock') },
        { object: 'Math', property: 'random', message: viaPort('Random') },
      ],
    },
  },
  {
    files: ['tests/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...anywhere, ...inTests] },
  },
  {
    // Tools in plain JavaScript: checked by TypeScript through their comments, without type-aware lint.
    files: ['**/*.{js,mjs,cjs}'],
    ...ts.configs.disableTypeChecked,
  },
);
