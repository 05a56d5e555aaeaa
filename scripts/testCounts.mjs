import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ passed: number; failed: number; skipped: number }} Counts
 */

/**
 * What a JSON report says happened.
 * @param {'vitest' | 'playwright'} runner
 * @param {string} file
 * @returns {Counts | undefined} `undefined` where there is no readable report: the runner crashed
 */
export function countsFromReport(runner, file) {
  if (!existsSync(file)) return undefined;
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return runner === 'vitest' ? fromVitest(report) : fromPlaywright(report);
}

/**
 * @param {any} report
 * @returns {Counts}
 */
function fromVitest(report) {
  // A file that could not be loaded has no tests in it and yet has failed.
  const brokenFiles = report.testResults.filter(
    (/** @type {any} */ file) => file.status === 'failed' && !file.assertionResults.some(hasFailed),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

const hasFailed = (/** @type {any} */ test) => test.status === 'failed';

/**
 * @param {any} report
 * @returns {Counts}
 */
function fromPlaywright(report) {
  const { expected, unexpected, flaky, skipped } = report.stats;
  // Retries are off; should they be on one day, what passed only the second time has not passed.
  return { passed: expected, failed: unexpected + flaky + report.errors.length, skipped };
}
