/**
 * Ends this process when the one that started it is gone: `node --import ./scripts/endWithParent.mjs …`.
 * npm starts scripts through a shell, and a shell that is told to stop does not pass it on; without this
 * the server would stay behind, and its port with it.
 */
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 250).unref();
