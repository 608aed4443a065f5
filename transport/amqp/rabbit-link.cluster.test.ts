import { after, before, test } from 'node:test';
import { linkConformance } from '#runtime';
import { startRabbit, type TestService } from '../../test/services/index.ts';
import { Members } from './test-members.ts';

let rabbit: TestService;
before(async () => {
  rabbit = await startRabbit();
});
after(() => rabbit.stop());

for (const { rule, check } of linkConformance(async () => new Members(rabbit.url))) test(`RabbitMQ: ${rule}`, check);
