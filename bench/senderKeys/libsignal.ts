import { textFromUtf8, utf8, type Bytes } from '../../src/lib/core/bytes.ts';
import { timed } from '../rates.ts';
import { check, interleaved, onceFor, payload, SENDERS, type Implementation } from './tasks.ts';

/** The part of `@signalapp/libsignal-client` that is used; the package is there only while measuring. */
interface Libsignal {
  readonly ProtocolAddress: { new: (name: string, device: number) => Address };
  readonly SenderKeyStore: abstract new () => object;
  readonly SenderKeyDistributionMessage: {
    create: (sender: Address, distribution: string, store: object) => Promise<{ serialize: () => Bytes }>;
    deserialize: (bytes: Bytes) => object;
  };
  readonly processSenderKeyDistributionMessage: (sender: Address, message: object, store: object) => Promise<void>;
  readonly groupEncrypt: (
    sender: Address,
    distribution: string,
    store: object,
    message: Bytes,
  ) => Promise<{ serialize: () => Bytes }>;
  readonly groupDecrypt: (sender: Address, store: object, message: Bytes) => Promise<Bytes>;
}
interface Address {
  name(): string;
  deviceId(): number;
}

const DISTRIBUTION = 'd1d1d1d1-7000-11eb-b32a-33b8a8a487a6';

/** Signal's native group cipher, with a store in memory as in its own documentation: nothing is written anywhere. */
export async function loadLibsignal(): Promise<Implementation> {
  const name = '@signalapp/libsignal-client';
  const library = (await import(name)) as Libsignal;
  class MemoryStore extends library.SenderKeyStore {
    readonly #records = new Map<string, object>();
    async saveSenderKey(sender: Address, distribution: string, record: object): Promise<void> {
      this.#records.set(`${sender.name()}.${sender.deviceId()}:${distribution}`, record);
    }
    async getSenderKey(sender: Address, distribution: string): Promise<object | null> {
      return this.#records.get(`${sender.name()}.${sender.deviceId()}:${distribution}`) ?? null;
    }
  }

  const createSender = async (index: number): Promise<Sender> => {
    const address = library.ProtocolAddress.new(`sender ${index}`, 1);
    const store = new MemoryStore();
    const message = await library.SenderKeyDistributionMessage.create(address, DISTRIBUTION, store);
    return { address, store, distribution: message.serialize() };
  };
  /** A receiver who has every sender's key, from the start of its chain. */
  const createReceiver = async (senders: readonly Sender[]): Promise<object> => {
    const store = new MemoryStore();
    for (const { address, distribution } of senders) {
      const message = library.SenderKeyDistributionMessage.deserialize(distribution);
      await library.processSenderKeyDistributionMessage(address, message, store);
    }
    return store;
  };
  const sealAll = async (senders: number, count: number): Promise<Sealed> => {
    const all = await Promise.all(Array.from({ length: senders }, (_, index) => createSender(index)));
    const messages: Message[] = [];
    for (const [at, index] of order(senders, count)) {
      const { address, store } = all[at]!;
      const sealed = await library.groupEncrypt(address, DISTRIBUTION, store, utf8(payload(index)));
      messages.push({ address, index, bytes: sealed.serialize() });
    }
    return { senders: all, messages };
  };
  const openAll = async ({ senders, messages }: Sealed): Promise<number> => {
    const store = await createReceiver(senders);
    const opened: Bytes[] = [];
    const took = await timed(async () => {
      for (const { address, bytes } of messages) opened.push(await library.groupDecrypt(address, store, bytes));
    });
    messages.forEach(({ index }, at) => check(textFromUtf8(opened[at]!) === payload(index)));
    return took;
  };
  const sealedByOne = onceFor((count) => sealAll(1, count));
  const sealedByAll = onceFor((count) => sealAll(SENDERS, count));

  return {
    name: 'libsignal (native)',
    async seal(count) {
      const { address, store } = await createSender(0);
      const texts = Array.from({ length: count }, (_, index) => utf8(payload(index)));
      return timed(async () => {
        for (const text of texts) (await library.groupEncrypt(address, DISTRIBUTION, store, text)).serialize();
      });
    },
    open: async (count) => openAll(await sealedByOne(count)),
    backlog: async (count) => openAll(await sealedByAll(count)),
  };
}

interface Sender {
  readonly address: Address;
  readonly store: object;
  readonly distribution: Bytes;
}
interface Message {
  readonly address: Address;
  readonly index: number;
  readonly bytes: Bytes;
}
interface Sealed {
  readonly senders: readonly Sender[];
  readonly messages: readonly Message[];
}

const order = (senders: number, count: number): [number, number][] =>
  senders === 1
    ? Array.from({ length: count }, (_, index) => [0, index])
    : interleaved(count, (sender, index) => [sender, index]);
