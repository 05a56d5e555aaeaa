import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Plugin } from 'vite';
import type { RunningRelay } from '../src/lib/server/running.ts';

/** The relay's WebSocket in `vite dev` and `vite preview`, which know only of their own. */
export function devSocket(): Plugin {
  return {
    name: 'cairn-dev-socket',
    configureServer: ({ httpServer }) => listen(httpServer),
    configurePreviewServer: ({ httpServer }) => listen(httpServer),
  };
}

function listen(server: unknown): void {
  (server as Server | null)?.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    if (request.url?.startsWith('/api/') !== true) return;
    // Set once the app has served its first request; a client that comes earlier comes again.
    const running = Reflect.get(globalThis, Symbol.for('cairn.relay')) as Promise<RunningRelay> | undefined;
    if (running === undefined) connection.destroy();
    else void running.then(({ upgrade }) => upgrade(request, connection, head) || connection.destroy());
  });
}
