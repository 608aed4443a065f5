import type { ParameterSchema } from '#runtime';

import { choice, collection, flag, group, json, number, parameter, rows, text } from '../schema.ts';

const METHODS = ['GET', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
const old = { '@version': [1, 2] };
const pair = [text('name'), text('value')];

const redirect = group('redirect', 'redirect', [flag('followRedirects', true), number('maxRedirects', 21)]);
const response = group('response', 'response', [
  flag('fullResponse'),
  flag('neverError'),
  choice('responseFormat', ['autodetect', 'file', 'json', 'text']),
  text('outputPropertyName', 'data'),
]);
const batch = group('batching', 'batch', [number('batchSize', 50), number('batchInterval', 1000)]);
const pagination = group('pagination', 'pagination', [
  choice('paginationMode', ['updateAParameterInEachRequest', 'responseContainsNextURL', 'off']),
  text('nextURL'),
  rows('parameters', 'parameters', [choice('type', ['qs', 'body', 'headers']), ...pair]),
  choice('paginationCompleteWhen', ['responseIsEmpty', 'receiveSpecificStatusCodes', 'other']),
  text('statusCodesWhenComplete'),
  text('completeExpression'),
  flag('limitPagesFetched'),
  number('maxRequests', 100),
  number('requestInterval', 0),
]);

const legacy: readonly ParameterSchema[] = [
  choice('requestMethod', METHODS, { show: old }),
  flag('allowUnauthorizedCerts', false, { show: old }),
  choice('responseFormat', ['json', 'file', 'string'], { show: old }),
  text('dataPropertyName', 'data', { show: old }),
  flag('jsonParameters', false, { show: old }),
  flag('sendBinaryData', false, { show: old }),
  json('bodyParametersJson', '', { show: old }),
  json('queryParametersJson', '', { show: old }),
  json('headerParametersJson', '', { show: old }),
  rows('bodyParametersUi', 'parameter', pair, { show: old }),
  rows('queryParametersUi', 'parameter', pair, { show: old }),
  rows('headerParametersUi', 'parameter', pair, { show: old }),
];

export const properties: readonly ParameterSchema[] = [
  text('url', '', { required: true }),
  choice('authentication', ['none', 'predefinedCredentialType', 'genericCredentialType']),
  ...legacy,
  choice('method', METHODS, { hide: old }),
  flag('sendQuery', false, { hide: old }),
  choice('specifyQuery', ['keypair', 'json'], { hide: old, show: { sendQuery: [true] } }),
  rows('queryParameters', 'parameters', pair, { hide: old, show: { sendQuery: [true] } }),
  json('jsonQuery', '', { hide: old, show: { sendQuery: [true], specifyQuery: ['json'] } }),
  flag('sendHeaders', false, { hide: old }),
  choice('specifyHeaders', ['keypair', 'json'], { hide: old, show: { sendHeaders: [true] } }),
  rows('headerParameters', 'parameters', pair, { hide: old, show: { sendHeaders: [true] } }),
  json('jsonHeaders', '', { hide: old, show: { sendHeaders: [true], specifyHeaders: ['json'] } }),
  flag('sendBody', false, { hide: old }),
  choice('contentType', ['json', 'form-urlencoded', 'multipart-form-data', 'binaryData', 'raw'], {
    hide: old,
    show: { sendBody: [true] },
  }),
  choice('specifyBody', ['keypair', 'json', 'string'], { hide: old, show: { sendBody: [true] } }),
  rows(
    'bodyParameters',
    'parameters',
    [...pair, choice('parameterType', ['formData', 'formBinaryData']), text('inputDataFieldName')],
    { hide: old, show: { sendBody: [true] } },
  ),
  json('jsonBody', '', { hide: old, show: { sendBody: [true], specifyBody: ['json'] } }),
  text('body', '', { hide: old, show: { sendBody: [true] } }),
  text('rawContentType', '', { hide: old, show: { sendBody: [true], contentType: ['raw'] } }),
  text('inputDataFieldName', '', { hide: old, show: { sendBody: [true], contentType: ['binaryData'] } }),
  collection('options', [
    batch,
    pagination,
    redirect,
    response,
    flag('allowUnauthorizedCerts'),
    flag('lowercaseHeaders', true),
    choice('queryParameterArrays', ['indices', 'brackets', 'repeat']),
    text('proxy'),
    number('timeout', 10_000),
    parameter('followRedirect', 'boolean', true, { show: old }),
    flag('fullResponse', false, { show: old }),
    flag('ignoreResponseCode', false, { show: old }),
    text('bodyContentType', 'json', { show: old }),
    text('bodyContentCustomMimeType', '', { show: old }),
    number('batchSize', 50, { show: old }),
    number('batchInterval', 1000, { show: old }),
  ]),
];
