/** Between members and to watchers: the live stream and event bus of one machine; broker links join behind them. */
export { createHub, type Hub, type HubOptions, type RunTopic, type Tap, type TreeDepth } from './hub.ts';
export { createLiveRelay, type LiveRelay, type LiveRelayOptions } from './live-relay.ts';
export { liveEvent, type LiveEvent, type TreeEvent } from './live-event.ts';
export type { Delivery, Listener } from './subscription.ts';
export { createMemoryBus, type MemoryBusOptions } from './bus/memory-bus.ts';
export type { SelectiveBus } from './bus/selective.ts';
export { createRabbitBus, type RabbitBusOptions } from './bus/rabbit/rabbit-bus.ts';
export type { BusObserver } from './bus/lanes.ts';
export { BUS_LIMITS, BUS_RETRY, type RetryPolicy } from './bus/limits.ts';
export { HUB_LIMITS, type HubLimits } from './limits.ts';
export { openBroker, type Broker, type BrokerOptions, type BrokerState, type LineKind } from './amqp/connection.ts';
export { createRabbitLink, type RabbitLinkOptions } from './amqp/rabbit-link.ts';
export { openParking, type ParkedMessage, type Parking, type ParkingOptions, type Replayed } from './amqp/parking.ts';
export {
  createMemoryNetwork,
  type MemoryNetwork,
  type NetworkFaults,
  type NetworkOptions,
} from './link/memory-network.ts';
export type { LinkObserver } from './link/courier.ts';
export type { LinkState, TransportLink } from './link/transport-link.ts';
export { AMQP_LIMITS, type AmqpLimits, LINK_LIMITS, type LinkLimits } from './limits.ts';
