/** The ceiling of HTTP on this machine: fastify with one route that does nothing. Prints its port. */
import fastify from 'fastify';

const app = fastify();
app.post('/', () => ({ ok: true }));
const address = await app.listen({ port: 0, host: '127.0.0.1' });
console.log(new URL(address).port);
