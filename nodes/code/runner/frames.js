// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/**
 * The protocol between the engine and a runner process, over stdin and stdout:
 *
 *   frame  = headBytes:u32be  bodyBytes:u32be  head  body
 *   head   = JSON object, utf8: {kind, run?, nonce?, …, parts?: [bytes of each part of the body]}
 *   body   = the parts, utf8, one after the other
 *
 *   engine -> runner   run    {run, nonce, mode, timeoutMs, memoryMb, parts: [source, scene, items]}
 *                      reply  {run, nonce, call, ok, parts: [JSON]}
 *   runner -> engine   ready  {pid, containment}
 *                      call   {run, nonce, call, name, parts: [JSON]}
 *                      result {run, nonce, aborted?, parts: [envelope]}
 *
 * Items and results travel as JSON text that the runner never parses. A frame over its limit, or a head that is not
 * JSON, ends the connection: there is no way back into step.
 */
export const HEAD_BYTES = 64 * 1024;

export function encode(head, parts) {
  const buffers = parts.map((part) => Buffer.from(part));
  const top = Buffer.from(JSON.stringify({ ...head, parts: buffers.map((part) => part.length) }));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(top.length, 0);
  lengths.writeUInt32BE(
    buffers.reduce((sum, part) => sum + part.length, 0),
    4,
  );
  return [lengths, top, ...buffers];
}

/** Calls `onFrame(head, parts)` for every whole frame; `onBroken(reason)` once, when the stream makes no sense. */
export function decoder(bodyBytes, onFrame, onBroken) {
  let chunks = [];
  let held = 0;
  let wanted = 8;
  let lengths;
  const take = () => {
    const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, held);
    chunks = held > wanted ? [all.subarray(wanted)] : [];
    held -= wanted;
    return all.subarray(0, wanted);
  };
  return (chunk) => {
    if (!chunks) return;
    chunks.push(chunk);
    held += chunk.length;
    while (chunks && held >= wanted) {
      const block = take();
      if (!lengths) {
        lengths = { head: block.readUInt32BE(0), body: block.readUInt32BE(4) };
        if (lengths.head > HEAD_BYTES || lengths.body > bodyBytes) {
          chunks = undefined;
          return onBroken(`frame of ${lengths.head} + ${lengths.body} bytes is over the limit`);
        }
        wanted = lengths.head + lengths.body;
      } else {
        const frame = split(block, lengths.head);
        lengths = undefined;
        wanted = 8;
        if (!frame) {
          chunks = undefined;
          return onBroken('frame cannot be read');
        }
        onFrame(frame.head, frame.parts);
      }
    }
  };
}

function split(block, headBytes) {
  let head;
  try {
    head = JSON.parse(block.toString('utf8', 0, headBytes));
  } catch {
    return undefined;
  }
  if (typeof head !== 'object' || head === null || !Array.isArray(head.parts)) return undefined;
  const parts = [];
  let at = headBytes;
  for (const bytes of head.parts) {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || at + bytes > block.length) return undefined;
    parts.push(block.toString('utf8', at, at + bytes));
    at += bytes;
  }
  return at === block.length ? { head, parts } : undefined;
}
