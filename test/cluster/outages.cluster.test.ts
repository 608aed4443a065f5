import { playInTest } from './in-test.ts';

playInTest('services that are away or lie, under load', 'rabbitmq', 'postgres', 'consul');
