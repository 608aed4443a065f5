import type { Logger } from 'pino';
import type { Config } from '#cli';
import { realClock as clock } from '#runtime';
import { openStorage, startEmbedded, type Storage, type StorageOptions } from '#storage';

/** Journal partitions are to be spans of about a day, so that retention can drop them whole. */
const ROTATION_MS = 24 * 3_600_000;

/** The database of one member: the given one, or the embedded one of its data directory. */
export interface Database {
  readonly storage: Storage;
  /** Closes all connections and stops the embedded server. */
  close(): Promise<void>;
}

/** What a database is opened with, besides its place. */
export interface DatabaseSettings extends Pick<StorageOptions, 'addressesOf' | 'announced'> {
  readonly config: Config;
  readonly log: Logger;
}

/** Starts or finds PostgreSQL, migrates the schema and opens the pools. Rejects with the rows of `openStorage`. */
export async function openDatabase(
  { config, log, ...options }: DatabaseSettings,
  dataDir: string,
  dataDirId: string | undefined,
): Promise<Database> {
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir, log }) : undefined;
  embedded?.onExit((reason) => log.error({ reason }, 'the embedded database died; it is started again'));
  try {
    const connection = embedded?.connection ?? config.databaseUrl ?? '';
    const storage = await openStorage({ connection, log, ...options, ...(dataDirId !== undefined && { dataDirId }) });
    const stopRotation = rotateDaily(storage, log);
    return {
      storage,
      async close() {
        stopRotation();
        await storage.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await embedded?.stop();
    throw error;
  }
}

/** A rotation that fails leaves the partition in use longer, which costs nothing but disk. */
function rotateDaily(storage: Storage, log: Logger): () => void {
  let cancel = (): void => {};
  const later = (): void => {
    cancel = clock.after(ROTATION_MS, () => {
      later();
      storage.retention.rotate().catch((error: unknown) => {
        log.warn({ err: error }, 'no fresh journal partition was made; tomorrow again');
      });
    });
  };
  later();
  return () => cancel();
}
