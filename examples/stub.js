// @ts-check
/**
 * A small HTTP server for the examples: `node examples/stub.js [PORT]`, default 8787.
 *
 *   GET /rates   exchange rates; every second call fails with 503, so that a retry has something to do
 *   anything else echoes method, path and body
 */
import { createServer } from 'node:http';
import process from 'node:process';

let calls = 0;

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const { pathname } = new URL(request.url ?? '/', 'http://stub');
    calls += 1;
    const failing = pathname === '/rates' && calls % 2 === 1;
    const rates = { base: 'EUR', rates: { USD: 1.0921, CHF: 0.9534, NOK: 11.62 } };
    const answer = pathname === '/rates' ? rates : { method: request.method, path: pathname, body };
    response.writeHead(failing ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(failing ? { error: 'try again' } : answer));
  });
});

server.listen(Number(process.argv[2] ?? 8787), '127.0.0.1', () => {
  const address = server.address();
  console.log(`stub on http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`);
});
