/** What is said of an error status; the texts are n8n's, because workflows compare them. */
const TEXTS: Record<number, string> = {
  400: 'Bad request - please check your parameters',
  401: 'Authorization failed - please check your credentials',
  402: 'Payment required - perhaps check your payment details?',
  403: 'Forbidden - perhaps check your credentials?',
  404: 'The resource you are requesting could not be found',
  405: 'Method not allowed - please check you are using the right HTTP method',
  429: 'The service is receiving too many requests from you',
  500: 'The service was not able to process your request',
  502: 'Bad gateway - the service failed to handle your request',
  503: 'Service unavailable - try again later or consider setting this node to retry automatically (in the node settings)',
  504: 'Gateway timed out - perhaps try again later?',
};

export function statusText(status: number): string {
  const known = TEXTS[status];
  if (known !== undefined) return known;
  if (status >= 500) return 'The service was not able to process your request';
  if (status >= 400) return 'Your request is invalid or could not be processed by the service';
  return `The service answered with status ${status}`;
}
