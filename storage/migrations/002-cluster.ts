import { Migration } from '@mikro-orm/migrations';

/** What other members need to know of one: where it is reached, and whether it is about to go. */
const MEMBER = `
ALTER TABLE troupe.member
  ADD COLUMN address text,
  ADD COLUMN draining boolean NOT NULL DEFAULT false;
`;

export class Cluster extends Migration {
  override name = '002-cluster';

  override up(): void {
    this.addSql(MEMBER);
  }
}
