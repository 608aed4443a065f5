import { playInTest } from './in-test.ts';

playInTest('restarts and time, under load', 'rolling', 'schedule', 'waits');
