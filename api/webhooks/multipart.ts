import type { JsonObject } from '#workflow';
import type { WebhookRequest } from '#runtime';
import { errors } from '../errors.ts';
import { API_LIMITS } from '../limits.ts';
import { put } from './form.ts';

type File = WebhookRequest['files'][number];

/**
 * Reads a multipart/form-data body that is already in memory (its size is bounded there).
 *
 *   --boundary CRLF  header CRLF …  CRLF  content  CRLF --boundary …  --boundary--
 *
 * The only place where a call's files come into being: fields are text, and nothing in a JSON body is ever a file.
 * Names of files are what the caller says, without directories; they are labels, never paths.
 */
export function parseMultipart(bytes: Buffer, contentType: string): { body: JsonObject; files: File[] } {
  const boundary = boundaryOf(contentType);
  const body: JsonObject = {};
  const files: File[] = [];
  let parts = 0;
  for (const part of partsOf(bytes, boundary)) {
    parts += 1;
    if (parts > API_LIMITS.MULTIPART_PARTS) throw malformed(`more than ${API_LIMITS.MULTIPART_PARTS} parts`);
    const { field, fileName, mimeType, content } = readPart(part);
    if (fileName === undefined) put(body, field, content.toString('utf8'));
    else files.push({ field, fileName, mimeType, bytes: content });
  }
  return { body, files };
}

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed('the content-type names no boundary');
  return boundary;
}

function* partsOf(bytes: Buffer, boundary: string): Generator<Buffer> {
  const dashes = `--${boundary}`;
  // The delimiter belongs to the line break before it, so that content may end in one.
  const delimiter = Buffer.from(`\r\n${dashes}`);
  let start = bytes.indexOf(dashes);
  if (start !== 0 && (start === -1 || bytes.subarray(start - 2, start).toString('latin1') !== '\r\n')) {
    throw malformed('the boundary does not occur');
  }
  start += dashes.length;
  for (;;) {
    if (bytes.subarray(start, start + 2).toString('latin1') === '--') return;
    const lineEnd = bytes.indexOf('\r\n', start);
    if (lineEnd === -1) throw malformed('it ends within a part');
    // An empty part may have its delimiter right behind the header's line break.
    const end = bytes.indexOf(delimiter, lineEnd);
    if (end === -1) throw malformed('the last boundary is missing');
    yield bytes.subarray(lineEnd + 2, end);
    start = end + delimiter.length;
  }
}

function readPart(part: Buffer): { field: string; fileName: string | undefined; mimeType: string; content: Buffer } {
  const split = part.indexOf('\r\n\r\n');
  if (split === -1 || split > API_LIMITS.MULTIPART_HEADER_BYTES) throw malformed('a part has no readable header');
  const header = part.subarray(0, split).toString('utf8');
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(header)?.[1] ?? '';
  const field = parameter(disposition, 'name');
  if (field === undefined) throw malformed('a part has no name');
  const mimeType = /^content-type:\s*([^\s;]{1,255})/im.exec(header)?.[1] ?? 'application/octet-stream';
  const fileName = parameter(disposition, 'filename');
  return {
    field,
    fileName: fileName === undefined ? undefined : baseName(fileName),
    mimeType,
    content: part.subarray(split + 4),
  };
}

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition);
  const value = match?.[1] ?? match?.[2];
  return value?.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}

function baseName(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
}

function malformed(fault: string): Error {
  return errors.BODY_MALFORMED({ kind: 'multipart', fault });
}
