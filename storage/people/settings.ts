import type { JsonValue } from '#workflow';
import { SettingEntity } from './entities.ts';
import { Repository } from './repository.ts';

/** Settings of the installation by key; values are JSON. */
export class Settings extends Repository {
  get(key: string): Promise<JsonValue | undefined> {
    return this.read(async (em) => {
      const found = await em.findOne(SettingEntity, { key });
      return found ? (JSON.parse(found.value) as JsonValue) : undefined; // stored by `set` only
    });
  }

  async set(key: string, value: JsonValue): Promise<void> {
    await this.read((em) => em.upsert(SettingEntity, { key, value: JSON.stringify(value), updatedAt: new Date() }));
  }

  /** False: it was not set. */
  remove(key: string): Promise<boolean> {
    return this.read(async (em) => (await em.nativeDelete(SettingEntity, { key })) > 0);
  }
}
