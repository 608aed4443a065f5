/** What the HTTP steps of W6 call: answers at once with a small JSON. Prints its port. */
import { createServer } from 'node:http';

const BODY = JSON.stringify({ ok: true, value: 42 });
const HEADERS = { 'content-type': 'application/json', 'content-length': String(BODY.length) };

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, HEADERS).end(BODY);
}).listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address !== null ? address.port : 0);
});
