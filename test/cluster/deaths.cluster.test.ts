import { playInTest } from './in-test.ts';

playInTest('members that die or are frozen under load', 'kill-one', 'kill-two', 'kill-all', 'stall');
