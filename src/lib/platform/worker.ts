/**
 * Where the worker begins. What it does is in a chunk of its own: the parts that it loads later import that, and
 * WebKit would run the file that a worker began with once more for each who imports it.
 */
import './workerHost.ts';
