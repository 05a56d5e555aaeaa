/**
 * What we change in dexie 4.4.7, and why. Each change replaces a text that occurs exactly once.
 * `scripts/applyPatches.mjs` applies it after an install and refuses any other version or content.
 * Regression test: `tests/db/store.test.ts`, "keeps nothing of what is written elsewhere".
 *
 * A live query kept the keys of everything that any connection wrote since it last answered, in case that
 * what it reads should turn out to be among it. One whose answer rarely changes kept them for as long as the
 * app was open, and every write paid for it, once for each live query: a third of the time that a device
 * needed for the commits of a group.
 */
export default {
  package: 'dexie',
  version: '4.4.7',
  files: [
    {
      file: 'dist/dexie.js',
      before: '5245aa68d9f410c4b20030b1fbdca370f2cdb61d24c2494d56c7da541334eda3',
      after: 'c8e9d636617e606f0c10d457c98d2f4bfac761222547183d00262ac8cf22b357',
      changes: [
        {
          why: `Whether a query is under way, and the writes to keep meanwhile. Once it has answered it is known what it
            reads, and each write can be held against that.`,
          find: `          var mutationListener = function (parts) {
              extendObservabilitySet(accumMuts, parts);
              if (shouldNotify()) {`,
          replace: `          var isAsking = false;
          var mutationListener = function (parts) {
              if (isAsking)
                  extendObservabilitySet(accumMuts, parts);
              if (isAsking ? shouldNotify() : obsSetsOverlap(currentObs, parts)) {`,
        },
        {
          why: `A query begins.`,
          find: `                  return;
              }
              accumMuts = {};
              var subscr = {};`,
          replace: `                  return;
              }
              accumMuts = {};
              isAsking = true;
              var subscr = {};`,
        },
        {
          why: `A query has answered.`,
          find: `                          accumMuts = {};
                          execInGlobalContext(function () { return !closed && observer.next && observer.next(result); });`,
          replace: `                          accumMuts = {};
                          isAsking = false;
                          execInGlobalContext(function () { return !closed && observer.next && observer.next(result); });`,
        },
        {
          why: `A query has failed: the next write to what it last read asks again.`,
          find: `                  hasValue = false;
                  if (!['DatabaseClosedError', 'AbortError']`,
          replace: `                  hasValue = false;
                  accumMuts = {};
                  isAsking = false;
                  if (!['DatabaseClosedError', 'AbortError']`,
        },
      ],
    },
  ],
};
