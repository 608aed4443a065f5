import { Cron } from 'croner';

import type { ScheduleSpec } from '#runtime';
import type { JsonObject, JsonValue, NodeDefinition } from '#workflow';

import { errors } from '../errors.ts';
import { SCHEDULE_RULES } from '../limits.ts';
import { asText, isRecord, recordsOf } from '../values.ts';

type Rule = Record<string, unknown>;

/** The cron lines of a Schedule Trigger, one or more per rule. Throws NODE_CRON_INVALID, NODE_PARAMETER_INVALID. */
export function scheduleSpecs(node: NodeDefinition, zone: string): ScheduleSpec[] {
  const rule = node.parameters['rule'];
  const listed = isRecord(rule) ? recordsOf(rule['interval']) : [];
  // n8n's default is one rule "every day".
  const rules: Rule[] = listed.length === 0 ? [{ field: 'days' }] : listed;
  if (rules.length > SCHEDULE_RULES) throw errors.NODE_TOO_MANY({ what: 'schedule rules', limit: SCHEDULE_RULES });
  return rules.map((entry) => checked({ zone, ...specOf(entry) }));
}

function specOf(rule: Rule): Omit<ScheduleSpec, 'zone'> {
  const minute = within(rule, 'triggerAtMinute', 0, 0, 59);
  const hour = within(rule, 'triggerAtHour', 0, 0, 23);
  const field = asText(rule['field'] ?? 'days');
  switch (field) {
    case 'seconds':
      return { cron: `*/${within(rule, 'secondsInterval', 30, 1, 59)} * * * * *` };
    case 'minutes':
      return { cron: `0 */${within(rule, 'minutesInterval', 5, 1, 59)} * * * *` };
    case 'hours':
      return every(rule, 'hoursInterval', 'hours', 23, (n) => `0 ${minute} ${n === 1 ? '*' : `*/${n}`} * * *`);
    case 'days':
      return every(rule, 'daysInterval', 'days', 31, () => `0 ${minute} ${hour} * * *`);
    case 'weeks':
      return every(rule, 'weeksInterval', 'weeks', 52, () => `0 ${minute} ${hour} * * ${weekdays(rule)}`);
    case 'months': {
      const day = within(rule, 'triggerAtDayOfMonth', 1, 1, 31);
      return every(rule, 'monthsInterval', 'months', 12, () => `0 ${minute} ${hour} ${day} * *`);
    }
    case 'cronExpression':
      return { cron: sixFields(asText(rule['expression'])) };
    default:
      throw errors.NODE_PARAMETER_INVALID({
        parameter: 'rule.interval.field',
        value: field,
        allowed: 'seconds, minutes, hours, days, weeks, months, cronExpression',
      });
  }
}

type Unit = NonNullable<ScheduleSpec['every']>['unit'];

/** What cron cannot say ("every 3 weeks") keeps every nth due time. Hours divide the day, as cron does. */
function every(
  rule: Rule,
  name: string,
  unit: Unit,
  most: number,
  cron: (n: number) => string,
): Omit<ScheduleSpec, 'zone'> {
  const n = within(rule, name, 1, 1, most);
  return n === 1 || unit === 'hours' ? { cron: cron(n) } : { cron: cron(n), every: { n, unit } };
}

function within(rule: Rule, name: string, fallback: number, least: number, most: number): number {
  const value = Number(rule[name] ?? fallback);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const allowed = `a whole number from ${least} to ${most}`;
  throw errors.NODE_PARAMETER_INVALID({ parameter: name, value: asText(rule[name]), allowed });
}

/** Days 0 (Sunday) to 6; none chosen is Sunday, as in n8n. */
function weekdays(rule: Rule): string {
  const given = rule['triggerAtDay'];
  const days = (Array.isArray(given) ? given : [given ?? 0]).map(Number);
  if (days.length === 0) return '0';
  for (const day of days) {
    if (!Number.isInteger(day) || day < 0 || day > 7) {
      throw errors.NODE_PARAMETER_INVALID({ parameter: 'triggerAtDay', value: asText(given), allowed: '0 to 6' });
    }
  }
  return days.join(',');
}

/** Cron of five fields starts at second 0. */
function sixFields(expression: string): string {
  const fields = expression.trim().split(/\s+/);
  if (fields.length === 5) return `0 ${fields.join(' ')}`;
  if (fields.length === 6) return fields.join(' ');
  throw errors.NODE_CRON_INVALID({ expression, problem: `${fields.length} fields` });
}

/** Asks croner, which will compute the due times, whether it can. */
function checked(spec: ScheduleSpec): ScheduleSpec {
  try {
    new Cron(spec.cron, { paused: true, timezone: spec.zone, mode: '6-part' }).nextRun();
    return spec;
  } catch (failure) {
    const problem = failure instanceof Error ? failure.message : String(failure);
    throw errors.NODE_CRON_INVALID({ expression: spec.cron, problem }, failure);
  }
}

/** The rules of the old Cron and Interval nodes in the words of today's. */
export function legacyRules(parameters: JsonObject): JsonValue[] {
  const times = isRecord(parameters['triggerTimes']) ? recordsOf(parameters['triggerTimes']['item']) : [];
  return times.map((time): JsonObject => {
    const at = { triggerAtHour: Number(time['hour'] ?? 14), triggerAtMinute: Number(time['minute'] ?? 0) };
    switch (time['mode'] ?? 'everyDay') {
      case 'everyMinute':
        return { field: 'minutes', minutesInterval: 1 };
      case 'everyHour':
        return { field: 'hours', hoursInterval: 1, triggerAtMinute: at.triggerAtMinute };
      case 'everyWeek':
        return { field: 'weeks', weeksInterval: 1, triggerAtDay: [Number(time['weekday'] ?? 1)], ...at };
      case 'everyMonth':
        return { field: 'months', monthsInterval: 1, triggerAtDayOfMonth: Number(time['dayOfMonth'] ?? 1), ...at };
      case 'everyX': {
        const n = Number(time['value'] ?? 2);
        return time['unit'] === 'minutes'
          ? { field: 'minutes', minutesInterval: n }
          : { field: 'hours', hoursInterval: n };
      }
      case 'custom':
        return { field: 'cronExpression', expression: asText(time['cronExpression'] ?? '* * * * * *') };
      default:
        return { field: 'days', daysInterval: 1, ...at };
    }
  });
}
