import type { ParameterSchema } from '#runtime';

import { choice, collection, flag, number, parameter, rows, text } from '../schema.ts';

const called = { resume: ['webhook'] };
const units = ['seconds', 'minutes', 'hours', 'days'];

export const properties: readonly ParameterSchema[] = [
  choice('resume', ['timeInterval', 'specificTime', 'webhook', 'form']),
  parameter('dateTime', 'dateTime', '', { required: true, show: { resume: ['specificTime'] } }),
  number('amount', 1, { show: { resume: ['timeInterval'], '@version': [1] } }),
  number('amount', 5, { show: { resume: ['timeInterval'], '@version': [1.1] } }),
  choice('unit', units, { value: 'hours', show: { resume: ['timeInterval'], '@version': [1] } }),
  choice('unit', units, { show: { resume: ['timeInterval'], '@version': [1.1] } }),
  choice('incomingAuthentication', ['none', 'basicAuth', 'headerAuth', 'jwtAuth'], { show: called }),
  choice('httpMethod', ['GET', 'DELETE', 'HEAD', 'PATCH', 'POST', 'PUT'], { show: called }),
  number('responseCode', 200, { show: { ...called, responseMode: ['onReceived', 'lastNode'] } }),
  choice('responseMode', ['onReceived', 'lastNode', 'responseNode'], { show: called }),
  choice('responseData', ['firstEntryJson', 'allEntries', 'firstEntryBinary', 'noData'], {
    show: { ...called, responseMode: ['lastNode'] },
  }),
  text('responseBinaryPropertyName', 'data', { show: { ...called, responseData: ['firstEntryBinary'] } }),
  flag('limitWaitTime', false, { show: called }),
  choice('limitType', ['afterTimeInterval', 'atSpecifiedTime'], { show: { ...called, limitWaitTime: [true] } }),
  number('resumeAmount', 1, { show: { ...called, limitType: ['afterTimeInterval'], limitWaitTime: [true] } }),
  choice('resumeUnit', units, {
    value: 'hours',
    show: { ...called, limitType: ['afterTimeInterval'], limitWaitTime: [true] },
  }),
  parameter('maxDateAndTime', 'dateTime', '', {
    show: { ...called, limitType: ['atSpecifiedTime'], limitWaitTime: [true] },
  }),
  collection('options', [
    text('webhookSuffix'),
    text('binaryPropertyName'),
    flag('ignoreBots'),
    text('ipWhitelist'),
    flag('noResponseBody'),
    flag('rawBody'),
    text('responseContentType'),
    text('responseData'),
    rows('responseHeaders', 'entries', [text('name'), text('value')]),
    text('responsePropertyName'),
  ]),
];
