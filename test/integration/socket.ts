import { io, type Socket } from 'socket.io-client';
import type { JsonObject } from '#workflow';
import { API_KEY } from './member.ts';

/** A socket.io client with all it has heard. */
export interface Listener {
  readonly socket: Socket;
  /** Run events, as they came. */
  readonly events: JsonObject[];
  /** Events of the supervision tree, as they came. */
  readonly tree: JsonObject[];
  /** Subscribes; resolves with the acknowledgement. */
  subscribe(topic: object): Promise<JsonObject>;
  close(): void;
}

/** Connects as the owner; rejects when the member refuses. */
export async function listen(base: string, apiKey: string = API_KEY): Promise<Listener> {
  const socket = io(base, { auth: { apiKey }, transports: ['websocket'], reconnection: false, forceNew: true });
  const [events, tree]: [JsonObject[], JsonObject[]] = [[], []];
  socket.on('event', (event: JsonObject) => events.push(event));
  socket.on('tree', (event: JsonObject) => tree.push(event));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    socket,
    events,
    tree,
    subscribe: (topic) => new Promise((resolve) => socket.emit('subscribe', topic, resolve)),
    close: () => void socket.disconnect(),
  };
}
