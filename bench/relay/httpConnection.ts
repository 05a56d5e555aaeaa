import { connect, type Socket } from 'node:net';

/** One kept-alive HTTP/1.1 connection, one request at a time: as little work for the client as there can be. */
export interface HttpConnection {
  /** @returns the body of the answer. Rejects where its status is not 200. */
  post(path: string, token: string | undefined, body: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

export function openHttp(port: number): HttpConnection {
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve: (body: Uint8Array) => void; reject: (fault: Error) => void } | undefined;
  /** What was asked and has no answer yet: asked again where the server ended an idle connection just then. */
  let asked: Buffer = Buffer.alloc(0);
  let socket = dial();
  return {
    post: (path, token, body) => {
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      waiting = { resolve, reject };
      const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
      // The server ends a connection that was idle for seconds.
      if (socket.destroyed || socket.readableEnded) socket = dial();
      const head = `POST /api/v1/${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/cbor\r\n${authorization}content-length: ${body.length}\r\n\r\n`;
      asked = Buffer.concat([Buffer.from(head, 'latin1'), body]);
      socket.write(asked);
      return promise;
    },
    close: () => socket.destroy(),
  };

  function dial(): Socket {
    const made = connect({ host: '127.0.0.1', port, noDelay: true });
    received = Buffer.alloc(0);
    made.on('error', () => undefined);
    made.on('close', () => {
      if (waiting === undefined || made !== socket) return;
      if (received.length > 0) return waiting.reject(new Error('closed'));
      socket = dial();
      socket.write(asked);
    });
    made.on('data', hear);
    return made;
  }

  function hear(chunk: Buffer): void {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = received.toString('latin1', 0, headEnd);
    const { body, end } = bodyOf(head, headEnd + 4);
    if (body === undefined) return;
    received = received.subarray(end);
    const { resolve, reject } = waiting ?? { resolve: () => undefined, reject: () => undefined };
    waiting = undefined;
    if (head.startsWith('HTTP/1.1 200')) resolve(body);
    else reject(new Error(head.split('\r\n')[0]));
  }

  /** The body, when all of it is there; Node answers in chunks where it was given no length. */
  function bodyOf(head: string, from: number): { body: Uint8Array | undefined; end: number } {
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      const end = from + Number(length);
      return { body: received.length < end ? undefined : received.subarray(from, end), end };
    }
    const parts: Buffer[] = [];
    for (let at = from; ;) {
      const lineEnd = received.indexOf('\r\n', at);
      if (lineEnd < 0) return { body: undefined, end: 0 };
      const size = parseInt(received.toString('latin1', at, lineEnd), 16);
      const next = lineEnd + 2 + size + 2;
      if (received.length < next) return { body: undefined, end: 0 };
      if (size === 0) return { body: Buffer.concat(parts), end: next };
      parts.push(received.subarray(lineEnd + 2, lineEnd + 2 + size));
      at = next;
    }
  }
}
