/** Between members and to watchers: the live stream and event bus of one machine; broker links join behind them. */
export { createHub, type Hub, type HubOptions, type RunTopic, type Tap } from './hub.ts';
export { liveEvent, type LiveEvent, type TreeEvent } from './live-event.ts';
export type { Delivery, Listener } from './subscription.ts';
export { createMemoryBus, type BusObserver, type EventBus } from './event-bus.ts';
export { BUS_LIMITS, HUB_LIMITS, type HubLimits } from './limits.ts';
