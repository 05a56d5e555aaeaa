import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { concat, hexFromBytes, type Bytes } from '../../core/bytes.ts';
import { bytesFromId } from '../../core/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { BlobStore } from './port.ts';

export interface S3Options {
  /** For example `https://s3.example.org`; without it Amazon's of the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Blobs in a bucket, an object for each chunk: `{blob in hex}/{offset}`. Chunks are smaller than the parts
 * of a multipart upload may be, and an upload can break off and go on without anything to keep open.
 */
export function createS3Blobs({ endpoint, region, bucket, ...credentials }: S3Options): BlobStore {
  const client = new S3Client({
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // Others than Amazon need not know the newer checksums; TLS and the blob's own hash stand for the bytes.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const objectAt = (blob: string, offset: number) => ({
    Bucket: bucket,
    Key: `${hexFromBytes(bytesFromId(blob))}/${offset}`,
  });
  /** Of the chunk that begins at `at`, the bytes of the blob from `from` up to before `to`. */
  const readPart = async (blob: string, at: number, from: number, to: number): Promise<Bytes> => {
    const range = `bytes=${from - at}-${to - at - 1}`;
    const { Body } = await client.send(new GetObjectCommand({ ...objectAt(blob, at), Range: range }));
    if (Body === undefined) throw new TypeError('an object without a body');
    return new Uint8Array(await Body.transformToByteArray());
  };
  return {
    async write(blob, offset, chunk) {
      await client.send(new PutObjectCommand({ ...objectAt(blob, offset), Body: chunk }));
    },
    async read(blob, offset, length) {
      const end = offset + length;
      const parts: Bytes[] = [];
      for (let from = offset; from < end;) {
        const at = from - (from % limits.blobChunk);
        const to = Math.min(end, at + limits.blobChunk);
        parts.push(await readPart(blob, at, from, to));
        from = to;
      }
      return concat(...parts);
    },
    async remove(blob, size) {
      for (let offset = 0; offset < size; offset += limits.blobChunk) {
        await client.send(new DeleteObjectCommand(objectAt(blob, offset)));
      }
    },
  };
}
