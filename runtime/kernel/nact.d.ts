/** The part of nact 7.6.2 that is used; it ships no types. */
declare module 'nact' {
  export interface NactRef {
    readonly name: string;
  }
  export interface SpawnProperties<S> {
    initialState: S;
    /** Only an async function that answers `stop`: a throw in here would end the process. */
    onCrash: (message: unknown, error: unknown, context: { stop: symbol }) => Promise<symbol>;
  }
  const nact: {
    start(options: { name: string }): NactRef;
    spawn<S>(
      parent: NactRef,
      handler: (state: S, message: unknown) => S | Promise<S>,
      name: string,
      properties: SpawnProperties<S>,
    ): NactRef;
    dispatch(to: NactRef, message: unknown): void;
    stop(ref: NactRef): void;
  };
  export default nact;
}
