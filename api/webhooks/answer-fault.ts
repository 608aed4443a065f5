import type { NodeDefinition, WebhookResponse, WorkflowDefinition } from '#workflow';
import type { WebhookRoute } from '#runtime';

const RESPOND = 'n8n-nodes-base.respondToWebhook';
/** From this version on n8n holds the response mode against the Respond nodes that follow. */
const CHECKED_FROM_VERSION = 2;

/** What callers get when a webhook's response mode and the Respond nodes behind it do not fit; the run is not begun. */
export function answerFaultOf(
  workflow: WorkflowDefinition,
  node: NodeDefinition,
  respond: WebhookRoute['respond'],
): WebhookResponse | undefined {
  if (node.type !== 'n8n-nodes-base.webhook' || node.typeVersion < CHECKED_FROM_VERSION) return undefined;
  const follows = leadsToRespond(workflow, node.name);
  if (respond === 'responseNode') {
    return follows ? undefined : refusal('No Respond to Webhook node found in the workflow');
  }
  return follows ? refusal('Unused Respond to Webhook node found in the workflow') : undefined;
}

/** The shape that n8n's callers know. */
function refusal(message: string): WebhookResponse {
  return { status: 500, headers: {}, body: { kind: 'json', value: { code: 0, message } } };
}

function leadsToRespond(workflow: WorkflowDefinition, start: string): boolean {
  const seen = new Set([start]);
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const target of (workflow.connections.get(name) ?? []).flat()) {
      if (workflow.node.get(target.node)?.type === RESPOND) return true;
      if (!seen.has(target.node)) {
        seen.add(target.node);
        open.push(target.node);
      }
    }
  }
  return false;
}
