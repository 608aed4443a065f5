import type { BinaryData } from '#workflow';
import type { BinaryStore, BlobStore } from '#runtime';
import { errors } from './errors.ts';

/** Files up to this size stay in their item as base64; larger ones become blobs that items name by id. */
const INLINE_BYTES = 16 * 1024;

/** Binary data of items over a blob store. Reading a file whose blob is gone throws BINARY_GONE. */
export function binaryStore(blobs: BlobStore): BinaryStore {
  return {
    async read(binary) {
      if (binary.data !== undefined) return Buffer.from(binary.data, 'base64');
      const bytes = await blobs.get(binary.id ?? '');
      if (!bytes) throw errors.BINARY_GONE({ id: binary.id ?? '' });
      return bytes;
    },
    async write(bytes, { mimeType, fileName }) {
      const binary: BinaryData = { mimeType, fileSize: sizeText(bytes.byteLength) };
      if (fileName !== undefined) binary.fileName = fileName;
      const extension = fileName?.match(/\.([A-Za-z0-9]{1,10})$/)?.[1];
      if (extension !== undefined) binary.fileExtension = extension;
      const kind = fileTypeOf(mimeType);
      if (kind !== undefined) binary.fileType = kind;
      if (bytes.byteLength <= INLINE_BYTES) binary.data = Buffer.from(bytes).toString('base64');
      else binary.id = await blobs.put(bytes);
      return binary;
    },
  };
}

const UNITS = ['B', 'kB', 'MB', 'GB'];

/** Sizes as n8n shows them: three significant digits, decimal units. */
function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

function fileTypeOf(mimeType: string): string | undefined {
  if (mimeType.startsWith('application/json')) return 'json';
  if (mimeType.startsWith('text/html')) return 'html';
  if (mimeType.startsWith('application/pdf')) return 'pdf';
  const family = mimeType.slice(0, mimeType.indexOf('/'));
  return ['image', 'audio', 'video', 'text'].includes(family) ? family : undefined;
}
