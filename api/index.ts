/** The gateway: HTTP API in n8n's shape, webhooks, metrics, health, and live sockets. */
export { createApi, type Api } from './api.ts';
export { webhookAddresses } from './activation.ts';
export type {
  ActivationChange,
  ActivationStore,
  ActiveWorkflow,
  ApiConfig,
  ApiDependencies,
  ApiStorage,
  Definitions,
  ExecutionStore,
  ExecutionSummary,
  Page,
  TestWebhookStore,
  TriggerSwitch,
  WebhookAddress,
  WorkflowRecord,
  WorkflowStore,
} from './ports.ts';
export { createMetrics, type GaugeSources, type Metrics } from './metrics/metrics.ts';
export { PERMISSIONS, PUBLIC_ROUTES, type Identity, type Permission } from './permissions.ts';
export { API_LIMITS, type ApiLimits } from './limits.ts';
export { inputItems } from './input-items.ts';
export { runJson, runDataOf, type RunJson } from './run-json.ts';
export type { ClusterBook, MemberView, ShardView } from './cluster-book.ts';
