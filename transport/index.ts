/** Between members and to watchers: the live stream and event bus of one machine; broker links join behind them. */
export { createHub, type Hub, type HubOptions, type RunTopic, type Tap, type TreeDepth } from './hub.ts';
export { createLiveRelay, type LiveRelay, type LiveRelayOptions } from './live-relay.ts';
export { liveEvent, type LiveEvent, type TreeEvent } from './live-event.ts';
export type { Delivery, Listener } from './subscription.ts';
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from './bus/memory-bus.ts';
export type { BusObserver } from './bus/lanes.ts';
export { BUS_LIMITS, BUS_RETRY, type RetryPolicy } from './bus/limits.ts';
export { HUB_LIMITS, type HubLimits } from './limits.ts';
