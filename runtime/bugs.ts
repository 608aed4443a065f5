/** Where an error goes that decides nobody's fate, when its owner named no other place: it ends the process. */
export function throwFromLoop(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
