import { timed } from '../rates.ts';
import { check, interleaved, onceFor, payload, SENDERS, type Implementation } from './tasks.ts';

/** The part of `@matrix-org/olm` that is used; the package is there only while measuring. */
export interface Olm {
  init(options?: { locateFile: () => string }): Promise<void>;
  readonly OutboundGroupSession: new () => {
    create(): void;
    encrypt(text: string): string;
    session_key(): string;
    free(): void;
  };
  readonly InboundGroupSession: new () => InboundSession;
}
interface InboundSession {
  create(sessionKey: string): string;
  decrypt(message: string): { plaintext: string };
  free(): void;
}

/** Matrix's group ratchet in WebAssembly. Its sessions are synchronous and live in memory. */
export function createMegolm(olm: Olm): Implementation {
  const sealAll = async (senders: number, count: number): Promise<Sealed> => {
    const sessions = Array.from({ length: senders }, () => new olm.OutboundGroupSession());
    for (const session of sessions) session.create();
    const keys = sessions.map((session) => session.session_key());
    const one = (sender: number, index: number): Message => ({
      sender,
      index,
      text: sessions[sender]!.encrypt(payload(index)),
    });
    const messages =
      senders === 1 ? Array.from({ length: count }, (_, index) => one(0, index)) : interleaved(count, one);
    for (const session of sessions) session.free();
    return { keys, messages };
  };
  const openAll = async ({ keys, messages }: Sealed): Promise<number> => {
    const sessions = keys.map((key) => {
      const session = new olm.InboundGroupSession();
      session.create(key);
      return session;
    });
    const opened: string[] = [];
    const took = await timed(() => {
      for (const { sender, text } of messages) opened.push(sessions[sender]!.decrypt(text).plaintext);
    });
    messages.forEach(({ index }, at) => check(opened[at] === payload(index)));
    for (const session of sessions) session.free();
    return took;
  };
  const sealedByOne = onceFor((count) => sealAll(1, count));
  const sealedByAll = onceFor((count) => sealAll(SENDERS, count));

  return {
    name: 'Megolm (olm, WebAssembly)',
    async seal(count) {
      const session = new olm.OutboundGroupSession();
      session.create();
      const texts = Array.from({ length: count }, (_, index) => payload(index));
      const took = await timed(() => {
        for (const text of texts) session.encrypt(text);
      });
      session.free();
      return took;
    },
    open: async (count) => openAll(await sealedByOne(count)),
    backlog: async (count) => openAll(await sealedByAll(count)),
  };
}

interface Message {
  readonly sender: number;
  readonly index: number;
  readonly text: string;
}
interface Sealed {
  readonly keys: readonly string[];
  readonly messages: readonly Message[];
}
