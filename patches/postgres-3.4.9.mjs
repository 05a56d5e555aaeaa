/**
 * What we change in postgres 3.4.9, and why. Each change replaces a text that occurs exactly once.
 * `scripts/applyPatches.mjs` applies it after an install and refuses any other version or content.
 * Regression test: `tests/server/store/postgres.test.ts`, "a store whose connections are cut".
 */
export default {
  package: 'postgres',
  version: '3.4.9',
  files: [
    {
      file: 'src/connection.js',
      before: 'ee3a218d9aa6a6f2887c1a19da50009335fe84c11a5431d5cab72d6bc528632f',
      after: '0f097177111916a84b66737b2b851d2b7f2386bc1bddffaaa5f61e9cd95341b3',
      changes: [
        {
          why: `A statement of a transaction whose connection was closed was written to a socket that is null, in a
            callback where nobody can catch it: the process ended (porsager/postgres issues 1066, 1154, 1208). It is
            refused like every other on a closed connection, which stays in the pool to be opened again.`,
          find: `    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
          replace: `    if (socket === null)
      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true

    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
        },
        {
          why: `What was about to be written when the connection closed was kept, with a timer that is never set
            again: the connection wrote nothing more, or the rest of an old statement before its greeting.`,
          find: `    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)`,
          replace: `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    socket.removeListener('data', data)`,
        },
      ],
    },
  ],
};
