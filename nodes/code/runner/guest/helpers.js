// @ts-nocheck: plain JavaScript on purpose; a runner starts without type stripping and reads nothing but this folder.
/** Inside the isolate: `this.helpers`. What needs the world asks the engine, which may refuse. */
(function () {
  'use strict';
  const { Buffer } = globalThis.__bytes;
  const TYPES = {
    __proto__: null,
    txt: 'text/plain',
    html: 'text/html',
    htm: 'text/html',
    csv: 'text/csv',
    css: 'text/css',
    xml: 'text/xml',
    md: 'text/markdown',
    ics: 'text/calendar',
    json: 'application/json',
    pdf: 'application/pdf',
    zip: 'application/zip',
    gz: 'application/gzip',
    js: 'application/javascript',
    png: 'image/png',
    jpeg: 'image/jpeg',
    jpg: 'image/jpeg',
    gif: 'image/gif',
    webp: 'image/webp',
    svg: 'image/svg+xml',
    mp3: 'audio/mpeg',
    wav: 'audio/wav',
    mp4: 'video/mp4',
    webm: 'video/webm',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    xls: 'application/vnd.ms-excel',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  };

  function sizeText(bytes) {
    if (bytes < 1000) return `${bytes} B`;
    const units = ['kB', 'MB', 'GB'];
    let size = bytes / 1000;
    let unit = 0;
    while (size >= 1000 && unit < units.length - 1) {
      size /= 1000;
      unit++;
    }
    return `${Number(size.toPrecision(3))} ${units[unit]}`;
  }
  function fileType(mime) {
    if (mime.startsWith('application/json')) return 'json';
    if (mime.startsWith('text/html')) return 'html';
    for (const kind of ['image', 'audio', 'video', 'text']) if (mime.startsWith(`${kind}/`)) return kind;
    return mime.startsWith('application/pdf') ? 'pdf' : undefined;
  }
  function prepare(data, path, mimeType) {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data);
    const ending =
      typeof path === 'string' && path.includes('.') ? path.slice(path.lastIndexOf('.') + 1).toLowerCase() : undefined;
    const mime = mimeType || (ending && TYPES[ending]) || 'text/plain';
    const fileName = typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : undefined;
    const extension = ending || Object.keys(TYPES).find((key) => TYPES[key] === mime);
    const type = fileType(mime);
    return {
      mimeType: mime,
      ...(type ? { fileType: type } : {}),
      ...(extension ? { fileExtension: extension } : {}),
      data: bytes.toString('base64'),
      ...(fileName ? { fileName } : {}),
      fileSize: sizeText(bytes.length),
    };
  }

  globalThis.__helpers = (state, ask) => {
    const call = async (name, argument) => {
      const answer = await ask(name, argument);
      if (!('error' in answer)) return answer.ok;
      throw Object.assign(new Error(), answer.error);
    };
    const refused = (name) => async () => {
      throw new Error(`this.helpers.${name} is not available in the Code node`);
    };
    const binaryOf = (index, name) => {
      const binary = typeof name === 'object' && name !== null ? name : state.items[index]?.binary?.[name];
      if (!binary)
        throw new Error(
          `This operation expects the node's input data to contain a binary file '${name}', but none was found [item ${index}]`,
        );
      return binary;
    };
    return {
      prepareBinaryData: async (data, path, mimeType) => prepare(data, path, mimeType),
      setBinaryDataBuffer: async (binary, data) => ({
        ...binary,
        data: Buffer.from(data).toString('base64'),
        fileSize: sizeText(data.length),
      }),
      binaryToBuffer: async (data) => Buffer.from(data),
      binaryToString: async (data, encoding) => Buffer.from(data).toString(encoding),
      getBinaryDataBuffer: async (index, name) => {
        const binary = binaryOf(index, name);
        return Buffer.from(binary.id ? await call('readBinary', binary) : (binary.data ?? ''), 'base64');
      },
      assertBinaryData: (index, name) => binaryOf(index, name),
      httpRequest: (options) => call('httpRequest', typeof options === 'string' ? { url: options } : options),
      request: (options) => call('httpRequest', typeof options === 'string' ? { url: options } : options),
      httpRequestWithAuthentication: refused('httpRequestWithAuthentication'),
      requestWithAuthentication: refused('requestWithAuthentication'),
      normalizeItems: (items) =>
        (Array.isArray(items) ? items : [items]).map((item) =>
          item && typeof item === 'object' && 'json' in item ? item : { json: item },
        ),
      returnJsonArray: (data) =>
        (Array.isArray(data) ? data : [data]).map((json) =>
          json && typeof json === 'object' && json.json ? json : { json },
        ),
    };
  };
})();
