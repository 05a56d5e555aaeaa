import type { Bytes } from '../../src/lib/core/bytes.ts';
import type { SignalFrame } from '../../src/lib/protocol/signals.ts';
import { networkFault, type Transport } from '../../src/lib/sync/transport.ts';
import { err, ok } from '../../src/lib/core/result.ts';
import type { Relay } from '../../src/lib/server/relay.ts';

/** A device's way to the relay, which a test can cut. */
export interface Network {
  readonly transport: Transport;
  isUp: boolean;
  /** Requests that the relay answered but whose answers get lost, by path: the next of each. */
  readonly loseAnswerOf: Set<string>;
  /** While set, a socket that is being opened stays so; {@link Network.openSockets} lets it open. */
  holdsSockets: boolean;
  openSockets(): void;
  /** A relay that lies: what the device gets in place of an answer. */
  alter: ((path: string, body: Bytes) => Bytes) | undefined;
  /** A relay that does nothing and says that it did: its answer where there is one. */
  pretend: ((path: string) => Bytes | undefined) | undefined;
  /** Signals as the relay passed them on. */
  readonly heard: SignalFrame[];
  /** A relay that passes on what it likes. */
  hear(signal: SignalFrame): void;
  /** Everything that was sent, for a test that looks at the wire. */
  readonly sent: { readonly path: string; readonly body: Uint8Array }[];
  /** Every answer, as text where it is text. */
  readonly answers: { readonly path: string; readonly body: string }[];
}

export function createNetwork(origin: string, relayOf: () => Relay): Network {
  const held: (() => void)[] = [];
  const ears = new Set<(signal: SignalFrame) => void>();
  const network: Network = {
    isUp: true,
    loseAnswerOf: new Set(),
    holdsSockets: false,
    openSockets() {
      network.holdsSockets = false;
      for (const open of held.splice(0)) open();
    },
    alter: undefined,
    pretend: undefined,
    heard: [],
    hear(signal) {
      network.heard.push(signal);
      for (const ear of ears) ear(signal);
    },
    sent: [],
    answers: [],
    transport: {
      origin,
      async post(path, sent, token) {
        if (!network.isUp) return err(networkFault('cut'));
        network.sent.push({ path, body: sent });
        const pretended = network.pretend?.(path);
        if (pretended !== undefined) return ok({ status: 200, body: pretended });
        const answer = await relayOf().handle({ path, body: sent, ...(token === undefined ? {} : { token }) });
        network.answers.push({ path, body: Buffer.from(answer.body).toString('latin1') });
        const what = path.split('/').at(-1) ?? path;
        if (!network.isUp || network.loseAnswerOf.delete(what)) return err(networkFault('answer lost'));
        const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN);
        const body = answer.status === 200 ? (network.alter?.(path, answer.body) ?? answer.body) : answer.body;
        return ok({ status: answer.status, body, ...(Number.isNaN(retryAfter) ? {} : { retryAfter }) });
      },
      listen(token, events) {
        let stop = () => {};
        let over = false;
        const hear = (signal: SignalFrame) => events.onSignal?.(signal);
        ears.add(hear);
        const end = () => {
          if (over) return;
          over = true;
          ears.delete(hear);
          stop();
          events.onEnd();
        };
        void relayOf()
          .listen(token, {
            ring: ({ stream, head }) => (network.isUp ? events.onBell(stream, head) : end()),
            signalled: (signal) => {
              if (network.isUp) network.hear(signal);
            },
            ended: end,
          })
          .then((listening) => {
            if (!listening.ok) return end();
            stop = listening.value;
            if (over) return stop();
            if (network.holdsSockets) held.push(() => over || events.onReady());
            else events.onReady();
          });
        return () => {
          over = true;
          stop();
        };
      },
    },
  };
  return network;
}
