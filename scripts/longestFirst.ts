import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take minutes, so that none of them is what the others' worker waits for in the end. */
const LONGEST = [
  /simulator\/badLuck/,
  /simulator\/hostileRelay/,
  /randomGroups/,
  /simulator\//,
  /server\/crash/,
  /world\//,
];

/** Begins with the tests that take longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((pattern) => pattern.test(moduleId));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
