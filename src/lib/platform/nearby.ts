import { hexFromBytes, bytesFromHex, type Bytes } from '../core/bytes.ts';
import { err, ok, type Fault, type Result } from '../core/result.ts';
import { limits } from '../protocol/limits.ts';
import { nearbyCodeFromText, textFromNearbyCode, type NearbyCode } from '../protocol/nearby.ts';

/**
 * A link between two browsers over the network that both are in, or over a phone's hotspot: WebRTC without any
 * server. What a signalling server would carry, two codes on two screens carry instead.
 */
export interface NearbyWire {
  readonly role: NearbyCode['role'];
  /** Both codes as they were shown. */
  readonly offer: string;
  readonly answer: string;
  /** In order, and none is lost as long as the link stands. */
  send(frame: Bytes): void;
  /** Hands over what came, also what came before; `onEnd` is called once, unless it is closed here. */
  listen(onFrame: (frame: Bytes) => void, onEnd: () => void): void;
  close(): void;
}

export interface NearbyOffer {
  /** To be shown to the other device. */
  readonly code: string;
  /** Takes the code that the other one shows. Refused: `malformed`, `wrong-version`, `wire-too-large`, `nearby-unreachable`. */
  accept(answer: string): Promise<Result<NearbyWire>>;
  close(): void;
}

export interface NearbyAnswer {
  readonly code: string;
  /** Once the other one has read the answer. Refused: `nearby-unreachable`. */
  readonly wire: Promise<Result<NearbyWire>>;
  close(): void;
}

/** Begins a link. Refused: `nearby-unavailable`, where the browser can't or there is no network at all. */
export async function offerNearby(): Promise<Result<NearbyOffer>> {
  if (!('RTCPeerConnection' in globalThis)) return err(UNAVAILABLE);
  const line = openLine();
  await line.connection.setLocalDescription(await line.connection.createOffer());
  const code = await ownCode(line.connection, 'offer');
  if (code === undefined) {
    line.connection.close();
    return err(UNAVAILABLE);
  }
  return ok({
    code,
    async accept(answer) {
      const read = nearbyCodeFromText(answer);
      if (!read.ok) return read;
      if (read.value.role !== 'answer') return err({ code: 'nearby-wrong-side', retry: 'person' });
      await line.connection.setRemoteDescription({ type: 'answer', sdp: descriptionOf(read.value) });
      return line.opened({ role: 'offer', offer: code, answer: answer.trim() });
    },
    close: () => line.connection.close(),
  });
}

/** Answers an offer. Refused: `malformed`, `wrong-version`, `wire-too-large`, `nearby-unavailable`. */
export async function answerNearby(offer: string): Promise<Result<NearbyAnswer>> {
  if (!('RTCPeerConnection' in globalThis)) return err(UNAVAILABLE);
  const read = nearbyCodeFromText(offer);
  if (!read.ok) return read;
  if (read.value.role !== 'offer') return err({ code: 'nearby-wrong-side', retry: 'person' });
  const line = openLine();
  await line.connection.setRemoteDescription({ type: 'offer', sdp: descriptionOf(read.value) });
  await line.connection.setLocalDescription(await line.connection.createAnswer());
  const code = await ownCode(line.connection, 'answer');
  if (code === undefined) {
    line.connection.close();
    return err(UNAVAILABLE);
  }
  return ok({
    code,
    wire: line.opened({ role: 'answer', offer: offer.trim(), answer: code }),
    close: () => line.connection.close(),
  });
}

const UNAVAILABLE: Fault<'nearby-unavailable'> = { code: 'nearby-unavailable', retry: 'person' };
const UNREACHABLE: Fault<'nearby-unreachable'> = { code: 'nearby-unreachable', retry: 'person' };

interface Line {
  readonly connection: RTCPeerConnection;
  opened(link: Pick<NearbyWire, 'role' | 'offer' | 'answer'>): Promise<Result<NearbyWire>>;
}

function openLine(): Line {
  const connection = new RTCPeerConnection({ iceServers: [] });
  const channel = connection.createDataChannel('cairn', { negotiated: true, id: 0 });
  channel.binaryType = 'arraybuffer';
  const wire = wireOver(connection, channel);
  return {
    connection,
    opened: (link) =>
      new Promise((resolve) => {
        const tell = () => resolve(ok({ ...link, ...wire }));
        if (channel.readyState === 'open') tell();
        channel.addEventListener('open', tell);
        connection.addEventListener('connectionstatechange', () => {
          if (connection.connectionState === 'failed') resolve(err(UNREACHABLE));
        });
      }),
  };
}

/** A piece of a frame that every browser carries, and bytes that may wait to be sent. */
const PIECE = 60 * 1024;
const WAITING = 1024 * 1024;

/** Frames over a channel: pieces, each with a byte before it that says whether another one follows. */
function wireOver(
  connection: RTCPeerConnection,
  channel: RTCDataChannel,
): Pick<NearbyWire, 'send' | 'listen' | 'close'> {
  const outgoing: Bytes[] = [];
  const early: Bytes[] = [];
  let incoming: Bytes[] = [];
  let size = 0;
  let isClosed = false;
  let take: ((frame: Bytes) => void) | undefined;
  let end: (() => void) | undefined;

  const flush = () => {
    while (channel.readyState === 'open' && channel.bufferedAmount < WAITING) {
      const piece = outgoing.shift();
      if (piece === undefined) return;
      channel.send(piece);
    }
  };
  const close = () => {
    isClosed = true;
    connection.close();
  };
  const lose = () => {
    if (isClosed) return;
    close();
    end?.();
  };
  channel.bufferedAmountLowThreshold = WAITING / 2;
  channel.addEventListener('bufferedamountlow', flush);
  channel.addEventListener('open', flush);
  channel.addEventListener('close', lose);
  connection.addEventListener('connectionstatechange', () => {
    if (connection.connectionState === 'failed') lose();
  });
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const piece = data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
    size += piece?.length ?? 0;
    if (piece === undefined || piece.length === 0 || size > limits.body) return lose();
    incoming.push(piece.subarray(1));
    if (piece[0] === 1) return;
    const frame = new Uint8Array(incoming.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of incoming) {
      frame.set(part, at);
      at += part.length;
    }
    incoming = [];
    size = 0;
    if (take === undefined) early.push(frame);
    else take(frame);
  });

  return {
    send(frame) {
      for (let at = 0; at < frame.length; at += PIECE) {
        const part = frame.subarray(at, at + PIECE);
        const piece = new Uint8Array(1 + part.length);
        piece[0] = at + PIECE < frame.length ? 1 : 0;
        piece.set(part, 1);
        outgoing.push(piece);
      }
      flush();
    },
    listen(onFrame, onEnd) {
      take = onFrame;
      end = onEnd;
      for (const frame of early.splice(0)) onFrame(frame);
      if (isClosed) onEnd();
    },
    close,
  };
}

/** What a connection says of itself once it knows where it can be reached. */
async function ownCode(connection: RTCPeerConnection, role: NearbyCode['role']): Promise<string | undefined> {
  if (connection.iceGatheringState !== 'complete') {
    await new Promise<void>((resolve) => {
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve();
      });
    });
  }
  const sdp = connection.localDescription?.sdp ?? '';
  const line = (name: string): string | undefined => new RegExp(`^a=${name}:(.+?)\\r?$`, 'm').exec(sdp)?.[1];
  const fingerprint = bytesFromHex(
    (line('fingerprint') ?? '')
      .replace(/^sha-256 /i, '')
      .replaceAll(':', '')
      .toLowerCase(),
  );
  const [user, password] = [line('ice-ufrag'), line('ice-pwd')];
  const candidates = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/gim)]
    .map(([, address, port]) => ({ address: address ?? '', port: Number(port) }))
    .slice(0, 8);
  if (fingerprint?.length !== 32 || user === undefined || password === undefined || candidates.length === 0)
    return undefined;
  return textFromNearbyCode({ role, user, password, fingerprint, candidates });
}

/** The session description (RFC 8866, RFC 8841) of the other side, made from its code. */
function descriptionOf({ role, user, password, fingerprint, candidates }: NearbyCode): string {
  const hex = hexFromBytes(fingerprint).toUpperCase().match(/../g) ?? [];
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    `a=ice-ufrag:${user}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${hex.join(':')}`,
    `a=setup:${role === 'offer' ? 'actpass' : 'active'}`,
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:65536',
    ...candidates.map(
      ({ address, port }, i) => `a=candidate:${i + 1} 1 udp ${2_122_260_223 - i * 256} ${address} ${port} typ host`,
    ),
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}
