import { base64urlFromBytes } from '../core/bytes.ts';
import type { Clock } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { limits } from '../protocol/limits.ts';
import { BAD_FRAME, type hello, socketFrame, socketPath } from '../protocol/requests.ts';
import { cborFromValue, valueFromCbor } from '../protocol/wire.ts';
import { networkFault, type Transport } from '../sync/transport.ts';
import type * as v from 'valibot';

const REQUEST_TIMEOUT_MS = 30_000;

/** `fetch` and `WebSocket` to the relay at `origin`; works in pages, workers and the service worker. */
export function createHttpTransport(origin: string, clock: Clock): Transport {
  const base = `${origin}/api/v1/`;
  /** The relay is older, and refused a hello that asks for more than bells. */
  let isPlain = false;
  return {
    origin,
    async post(path, body, token) {
      const abort = new AbortController();
      const cancel = clock.after(REQUEST_TIMEOUT_MS, () => abort.abort());
      try {
        const response = await fetch(base + path, {
          method: 'POST',
          body,
          signal: abort.signal,
          cache: 'no-store',
          credentials: 'omit',
          redirect: 'error',
          headers: {
            'content-type': 'application/cbor',
            ...(token === undefined ? {} : { authorization: `Bearer ${base64urlFromBytes(token)}` }),
          },
        });
        const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
        return ok({
          status: response.status,
          body: new Uint8Array(await response.arrayBuffer()),
          ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
        });
      } catch (thrown) {
        // fetch rejects for exactly one family of reasons: no answer came.
        return err(networkFault(thrown instanceof Error ? thrown.name : 'fetch'));
      } finally {
        cancel();
      }
    },
    listen(token, events) {
      let socket: WebSocket;
      let over = false;
      const end = () => {
        if (over) return;
        over = true;
        socket.close();
        events.onEnd();
      };
      const open = () => {
        const said: v.InferInput<typeof hello> = isPlain ? { token } : { token, signals: true };
        socket = new WebSocket(base.replace(/^http/, 'ws') + socketPath);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => socket.send(cborFromValue(said));
        socket.onclose = ({ code }) => {
          if (over || code !== BAD_FRAME || said.signals === undefined) return end();
          isPlain = true;
          open();
        };
        socket.onerror = end;
        socket.onmessage = (message: MessageEvent<unknown>) => {
          if (!(message.data instanceof ArrayBuffer)) return end();
          const frame = valueFromCbor(socketFrame, new Uint8Array(message.data), limits.body);
          if (!frame.ok) return end();
          if ('ready' in frame.value) events.onReady();
          else if ('payload' in frame.value) events.onSignal?.(frame.value);
          else events.onBell(frame.value.stream, frame.value.head);
        };
      };
      open();
      return () => {
        over = true;
        socket.close();
      };
    },
  };
}
