import { DateTime } from 'luxon';

import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeDefinition } from '#workflow';

import { passOn } from '../items.ts';
import { choice, number, parameter, rows, text, triggerFacts } from '../schema.ts';
import { asText } from '../values.ts';
import { legacyRules, scheduleSpecs } from './rules.ts';

const type = 'n8n-nodes-base.scheduleTrigger';
const cronType = 'n8n-nodes-base.cron';
const intervalType = 'n8n-nodes-base.interval';

/** The item of a due time: the moment in the workflow's zone, in the forms that n8n gives. */
function itemsAt(dueAt: number, zone: string): Item[] {
  const now = DateTime.fromMillis(dueAt, { zone, locale: 'en' });
  return [
    {
      json: {
        timestamp: asText(now.toISO()),
        'Readable date': `${now.toFormat('MMMM d')}${ordinal(now.day)} ${now.toFormat('yyyy, h:mm:ss a').toLowerCase()}`,
        'Readable time': now.toFormat('h:mm:ss a').toLowerCase(),
        'Day of week': now.toFormat('EEEE'),
        Year: now.toFormat('yyyy'),
        Month: now.toFormat('MMMM'),
        'Day of month': now.toFormat('dd'),
        Hour: now.toFormat('HH'),
        Minute: now.toFormat('mm'),
        Second: now.toFormat('ss'),
        Timezone: `${zone} (UTC${now.toFormat('ZZ')})`,
      },
      pairedItem: { item: 0 },
    },
  ];
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th';
}

/** A due time comes with its item; a start by hand has an empty one and gets the present moment. */
function execute(context: NodeContext): Item[] {
  const items = context.items();
  const given = items.some((item) => Object.keys(item.json).length > 0);
  return given ? passOn(items) : itemsAt(context.now(), context.zone);
}

export const scheduleTrigger: NodeType = {
  type,
  displayName: 'Schedule Trigger',
  description: 'Starts the workflow at set times.',
  group: 'trigger',
  versions: [1, 1.1, 1.2, 1.3],
  properties: [
    rows(
      'rule',
      'interval',
      [
        choice('field', ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'cronExpression'], {
          value: 'days',
        }),
        number('secondsInterval', 30),
        number('minutesInterval', 5),
        number('hoursInterval', 1),
        number('daysInterval', 1),
        number('weeksInterval', 1),
        number('monthsInterval', 1),
        number('triggerAtDayOfMonth', 1),
        parameter('triggerAtDay', 'multiOptions', [0]),
        number('triggerAtHour', 0),
        number('triggerAtMinute', 0),
        text('expression'),
      ],
      { value: { interval: [{}] } },
    ),
  ],
  facts: triggerFacts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [execute(context)] }),
  schedule: { specs: scheduleSpecs, items: itemsAt },
};

const inTodaysWords = (node: NodeDefinition): NodeDefinition => ({
  ...node,
  parameters: { rule: { interval: node.type === cronType ? legacyRules(node.parameters) : [intervalRule(node)] } },
});

function intervalRule(node: NodeDefinition): { [key: string]: string | number } {
  const unit = asText(node.parameters['unit'] ?? 'seconds');
  return { field: unit, [`${unit}Interval`]: Number(node.parameters['interval'] ?? 1) };
}

const legacySchedule = (name: string, displayName: string): NodeType => ({
  ...scheduleTrigger,
  type: name,
  displayName,
  versions: [1],
  properties: [],
  facts: triggerFacts(name),
  schedule: { specs: (node, zone) => scheduleSpecs(inTodaysWords(node), zone), items: itemsAt },
});

/** The old Cron and Interval triggers: the same clock, other words. */
export const cron = legacySchedule(cronType, 'Cron');
export const interval = legacySchedule(intervalType, 'Interval');
