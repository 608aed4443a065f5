/**
 * The composition root: it says in which order a member starts, phase by phase, and stops it in reverse. What the
 * phases join is in `member/`.
 */
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { NO_FAULTS, type FaultHook } from '#actors';
import { cliErrors, runCli, type Books, type Config, type Member, type MemberOptions } from '#cli';
import { realClock as clock } from '#runtime';
import { findEmbedded, openStorage } from '#storage';
import { startPhases } from '#supervisors';
import { booksOf } from './member/books.ts';
import { openEvents, openLinkParking } from './member/broker.ts';
import { addressesOf, catalog, MemberParts } from './member/member.ts';
import { logger, logStop, phase } from './member/phase.ts';
import { openPlace } from './member/place.ts';

/** Time to let calls under way end and to give shards to others. */
const DRAIN_MS = 40_000;

/** Starts one member in this process; resolves when it is ready to take work. */
export async function startMember(options: MemberOptions, faults: FaultHook = NO_FAULTS): Promise<Member> {
  refuseHalfACluster(options.config);
  const log = logger(options);
  const place = openPlace(options);
  const member = new MemberParts(options, log, faults);
  const phases = [
    place,
    phase(
      'database',
      () => member.openDatabase(place.dataDir, place.dataDirId()),
      () => member.closeDatabase(),
    ),
    phase(
      'lease',
      () => member.claim(),
      () => member.letGo(),
    ),
    // Closed after the actors have told the others what they still must, opened when they listen.
    phase(
      'link',
      () => {},
      () => member.part(),
    ),
    phase(
      'actors',
      () => member.perform(),
      () => member.rest(),
    ),
    phase(
      'gateway',
      () => member.listen(),
      () => member.hangUp(),
      DRAIN_MS,
    ),
  ];
  const running = await startPhases(phases, { clock, onStopped: (report) => logStop(log, report) });
  return member.asMember(() => running.stop().then(() => undefined));
}

/** Opens the database and nothing else, for commands that manage what is stored; also beside a member at work. */
export async function openBooks(config: Config): Promise<Books> {
  const log = logger({ config, http: false, throwAway: false });
  const { databaseUrl, dataDir } = config;
  const connection = databaseUrl ?? (await findEmbedded({ dataDir, log }))?.connection;
  if (connection !== undefined) {
    const storage = await openStorage({ connection, log, addressesOf });
    return { ...booksOf(storage), stop: () => storage.close() };
  }
  const member = new MemberParts({ config, http: false, throwAway: false }, log, NO_FAULTS);
  const place = openPlace({ config, http: false, throwAway: false });
  const phases = [
    place,
    phase(
      'database',
      () => member.openDatabase(place.dataDir, undefined),
      () => member.closeDatabase(),
    ),
  ];
  const running = await startPhases(phases, { clock });
  return { ...booksOf(member.storage), stop: () => running.stop().then(() => undefined) };
}

/** A member that would ignore one of these variables could be taken for a part of a cluster that it is not in. */
function refuseHalfACluster({ amqpUrl, consulAddress, databaseUrl }: Config): void {
  const incomplete = (variable: string, lacks: string): Error => cliErrors.CLUSTER_INCOMPLETE({ variable, lacks });
  if (consulAddress !== undefined && amqpUrl === undefined) throw incomplete('CONSUL_HTTP_ADDR', 'AMQP_URL');
  if (amqpUrl !== undefined && databaseUrl === undefined) throw incomplete('AMQP_URL', 'DATABASE_URL');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await runCli(process.argv.slice(2), {
    startMember,
    openBooks,
    openEvents,
    openParking: openLinkParking,
    catalog,
  });
}
