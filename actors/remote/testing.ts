export { TestNetwork } from '#runtime';
