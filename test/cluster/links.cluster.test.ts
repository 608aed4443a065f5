import { playInTest } from './in-test.ts';

playInTest('members that are cut off, late or wrong about the time, under load', 'links', 'flapping', 'late', 'clock');
