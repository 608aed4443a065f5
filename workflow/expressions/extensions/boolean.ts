import { extensions, type ExtensionTable } from './extension.ts';

/** n8n's functions on booleans. */
export const BOOLEAN_EXTENSIONS: ExtensionTable = extensions<boolean>({
  isEmpty: () => false,
  isNotEmpty: () => true,
  toBoolean: (_e, value) => value,
  toInt: (_e, value) => Number(value),
  toFloat: (_e, value) => Number(value),
  toNumber: (_e, value) => Number(value),
  toDateTime: () => undefined,
  toJsonString: (_e, value) => String(value),
});
