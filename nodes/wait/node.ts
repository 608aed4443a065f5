import { DateTime } from 'luxon';

import type { NodeContext, NodeType } from '#runtime';
import type { JsonObject, NodeResult } from '#workflow';

import { errors } from '../errors.ts';
import { passOn } from '../items.ts';
import { WAIT_UNTIL_MS } from '../limits.ts';
import { flagParam, numberParam, textParam } from '../read.ts';
import { asText } from '../values.ts';
import { receiveCall } from '../webhook/receive.ts';
import { properties } from './properties.ts';

const type = 'n8n-nodes-base.wait';

const UNIT_MS: Record<string, number> = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 };

/** Holds the run for a time, until a moment, or until its resume address is called. */
function wait(context: NodeContext): NodeResult {
  // After the wait: the call's items, or the input as it was.
  if (context.resumed) return { kind: 'outputs', outputs: [[...(context.resumed.items ?? passOn(context.items()))]] };
  const resume = textParam(context, 'resume', 0, 'timeInterval');
  if (resume === 'webhook') return untilCalled(context);
  if (resume === 'form') throw errors.NODE_NOT_SUPPORTED({ feature: 'Wait for a form' });
  const until = resume === 'specificTime' ? moment(context, 'dateTime') : afterInterval(context, 'amount', 'unit');
  if (until <= context.now()) return { kind: 'outputs', outputs: [passOn(context.items())] };
  return { kind: 'wait', reason: 'timer', until };
}

function untilCalled(context: NodeContext): NodeResult {
  const limited = flagParam(context, 'limitWaitTime', 0);
  const atMoment = textParam(context, 'limitType', 0, 'afterTimeInterval') === 'atSpecifiedTime';
  const until = atMoment ? 'maxDateAndTime' : 'resumeAmount';
  return {
    kind: 'wait',
    reason: 'webhook',
    ...(limited ? { until: atMoment ? moment(context, until) : afterInterval(context, until, 'resumeUnit') } : {}),
    resume: resumeCall(context),
  };
}

/** How the call that ends the wait must look and be answered. */
function resumeCall(context: NodeContext): JsonObject {
  return {
    method: textParam(context, 'httpMethod', 0, 'GET').toUpperCase(),
    suffix: textParam(context, 'options.webhookSuffix', 0),
    respond: textParam(context, 'responseMode', 0, 'onReceived'),
    status: numberParam(context, 'responseCode', 0, 200),
    data: textParam(context, 'responseData', 0, 'firstEntryJson'),
  };
}

function afterInterval(context: NodeContext, amountName: string, unitName: string): number {
  const old = context.node.typeVersion < 1.1;
  const amount = numberParam(context, amountName, 0, amountName === 'amount' && !old ? 5 : 1);
  const unit = textParam(context, unitName, 0, unitName === 'unit' && !old ? 'seconds' : 'hours');
  const length = UNIT_MS[unit];
  if (length === undefined) {
    throw errors.NODE_PARAMETER_INVALID({ parameter: unitName, value: unit, allowed: Object.keys(UNIT_MS).join(', ') });
  }
  if (amount < 0)
    throw errors.NODE_PARAMETER_INVALID({ parameter: amountName, value: String(amount), allowed: '0 or more' });
  return Math.min(context.now() + amount * length, WAIT_UNTIL_MS);
}

/** A moment; without a zone of its own it is read in the workflow's. */
function moment(context: NodeContext, parameter: string): number {
  const text = asText(context.param(parameter, 0, ''));
  const read = [DateTime.fromISO, DateTime.fromSQL, DateTime.fromRFC2822].map((parse) =>
    parse(text, { zone: context.zone }),
  );
  const found = read.find((date) => date.isValid);
  if (!found) {
    throw errors.NODE_PARAMETER_INVALID({ parameter, value: text, allowed: 'a date such as 2030-01-31T12:00:00' });
  }
  return Math.min(found.toMillis(), WAIT_UNTIL_MS);
}

export const waitNode: NodeType = {
  type,
  displayName: 'Wait',
  description: 'Holds the run for a time, until a moment, or until it is called.',
  group: 'flow',
  versions: [1, 1.1],
  properties,
  facts: () => ({ type, trigger: false, inputs: 1, outputs: 1, requiredInputs: 'any', effect: 'none' }),
  execute: wait,
  // Its resume address belongs to the execution, so an active workflow listens on nothing for it.
  webhook: { routes: () => [], receive: (node, request) => receiveCall(node, request) },
};
