import { EMBEDDED_CONNECTIONS } from '../limits.ts';

/**
 * Settings of the embedded server, given on its command line so that a release can change them.
 * Durability stays on: `fsync`, `full_page_writes` and `synchronous_commit` are what the promise rests on.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Modest, since most of a journal is written once and read from the tail.
  shared_buffers: '64MB',
  work_mem: '8MB',
  // Many small commits: few checkpoints, each spread out, and segments that are used again.
  max_wal_size: '1GB',
  min_wal_size: '160MB',
  checkpoint_timeout: '15min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Asynchronous reads cost three helper processes; this data set is read from memory.
  io_method: 'sync',
  // Statements are short and prepared: compiling them costs more than it gives.
  jit: 'off',
  autovacuum_naptime: '15s',
  // The parent keeps only the tail of stderr; statements with user data must not appear in it.
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'troupe',
};

/** Where the server listens: a socket directory, or a loopback port where there are no usable Unix sockets. */
export type Listen = { kind: 'socket'; dir: string } | { kind: 'tcp'; port: number };

/** Port of the socket's file name; nothing listens on it over TCP. */
export const SOCKET_PORT = 5432;

/** Arguments of `postgres` for a data directory. */
export function serverArguments(dataDir: string, listen: Listen, connections = EMBEDDED_CONNECTIONS): string[] {
  const where: Record<string, string> =
    listen.kind === 'socket'
      ? {
          listen_addresses: '',
          unix_socket_directories: quoted(listen.dir),
          unix_socket_permissions: '0700',
          port: String(SOCKET_PORT),
        }
      : { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(listen.port) };
  const all = { ...SETTINGS, max_connections: String(connections), ...where };
  return ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** The setting is a list: a path with a comma or a blank needs quotes. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path.replaceAll('"', '""')}"`;
}
