import { connect } from 'node:net';
import { ENTRY_BYTES, type Lane } from './load.ts';

/** One XMPP client (RFC 6120) over plain TCP: enough of it to register, log in, send and count. */
interface Client {
  write(stanza: string): void;
  onMessage: () => void;
  close(): void;
}

const END = '</message>';

async function newClient(port: number, user: string): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received = '';
  let look: () => void = () => undefined;
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    look();
  });
  const until = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${text} in: ${received.slice(0, 500)}`)), 10_000);
      look = () => {
        if (!received.includes(text)) return;
        clearTimeout(late);
        received = '';
        resolve();
      };
      look();
    });
  const open = `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='localhost'>`;
  const ask = async (stanza: string, answer: string) => {
    socket.write(stanza);
    await until(answer);
  };
  await ask(open, '</stream:features>');
  await ask(
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${user}</username><password>secret</password></query></iq>`,
    `type='result'`,
  );
  const plain = Buffer.from(`\0${user}\0secret`).toString('base64');
  await ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`, '<success');
  await ask(open, '</stream:features>');
  await ask(
    `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>`,
    '<jid>',
  );
  await ask(
    `<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence/>`,
    '<presence',
  );

  const client: Client = {
    write: (stanza) => void socket.write(stanza),
    onMessage: () => undefined,
    close: () => socket.destroy(),
  };
  look = () => {
    let at = 0;
    for (let end = received.indexOf(END); end >= 0; end = received.indexOf(END, at)) {
      at = end + END.length;
      client.onMessage();
    }
    received = received.slice(at);
  };
  return client;
}

let users = 0;

/** Both servers archive each message for the sender and for the receiver before they forward it. */
export async function newLane(port: number): Promise<Lane & { close: () => void }> {
  const name = `u${process.pid}x${users++}`;
  const [sender, receiver] = [await newClient(port, `${name}a`), await newClient(port, `${name}b`)];
  let sent = 0;
  const body = 'x'.repeat(ENTRY_BYTES);
  const lane: Lane & { close: () => void } = {
    onDelivered: () => undefined,
    send: (count) => {
      let stanzas = '';
      for (let i = 0; i < count; i++) {
        stanzas += `<message to='${name}b@localhost/bench' type='chat' id='m${sent++}'><body>${body}</body></message>`;
      }
      sender.write(stanzas);
    },
    close: () => {
      sender.close();
      receiver.close();
    },
  };
  receiver.onMessage = () => lane.onDelivered(1);
  return lane;
}
