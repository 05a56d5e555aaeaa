import type { OutgoingFile } from '../../services/client.ts';

/** Equal stretches of a voice message whose loudness is shown. */
const STRETCHES = 48;

/** Formats that browsers record, the one that all of them play first. */
const FORMATS = ['audio/mp4', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

export interface Recording {
  /** Ends it, and gives what was said. */
  end(): Promise<OutgoingFile>;
  /** Ends it, and forgets what was said. */
  cancel(): void;
}

/** Records the microphone, which the browser asks for. Throws where that is refused or there is none. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const type = FORMATS.find((one) => MediaRecorder.isTypeSupported(one)) ?? '';
  const recorder = new MediaRecorder(stream, {
    ...(type === '' ? {} : { mimeType: type }),
    audioBitsPerSecond: 32_000,
  });
  const pieces: Blob[] = [];
  recorder.ondataavailable = ({ data }) => pieces.push(data);
  recorder.start();
  const stop = () =>
    new Promise<void>((resolve) => {
      recorder.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        resolve();
      };
      recorder.stop();
    });
  return {
    cancel: () => void stop(),
    async end() {
      await stop();
      const bare = recorder.mimeType.split(';')[0] ?? 'audio/webm';
      const blob = new Blob(pieces, { type: bare });
      const heard = await hear(blob);
      const ending = bare.split('/')[1] === 'mp4' ? 'm4a' : (bare.split('/')[1] ?? 'webm');
      return { blob, name: `voice.${ending}`, type: bare, ...heard };
    },
  };
}

async function hear(blob: Blob): Promise<Pick<OutgoingFile, 'duration' | 'waveform'>> {
  const context = new AudioContext();
  try {
    const sound = await context.decodeAudioData(await blob.arrayBuffer());
    return { duration: Math.round(sound.duration * 1000), waveform: loudness(sound.getChannelData(0)) };
  } catch {
    return { waveform: new Uint8Array(STRETCHES) };
  } finally {
    await context.close();
  }
}

/** The loudest moment of each stretch, 255 for the loudest of all. */
export function loudness(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const peaks = Array.from({ length: STRETCHES }, (_, i) => {
    const from = Math.floor((i * samples.length) / STRETCHES);
    const to = Math.floor(((i + 1) * samples.length) / STRETCHES);
    let peak = 0;
    for (let at = from; at < to; at++) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    return peak;
  });
  const most = Math.max(...peaks, 0.01);
  return Uint8Array.from(peaks, (peak) => Math.round((255 * peak) / most));
}
