import config from '../../playwright.config.ts';

/** `npm run shots`: a picture of every screen, to be looked at. */
export default { ...config, testDir: '.', testMatch: 'shots.ts', outputDir: '../../test-results', workers: 1 };
