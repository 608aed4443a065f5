export const HEAD_BYTES: number;
export interface Head {
  kind: string;
  [key: string]: unknown;
}
export function encode(head: Head, parts: readonly (string | Uint8Array)[]): Buffer[];
export function decoder(
  bodyBytes: number,
  onFrame: (head: Head, parts: string[]) => void,
  onBroken: (reason: string) => void,
): (chunk: Buffer) => void;
