/** Ends what `shared-server.mjs` has started. */
export default () => globalThis.stopSharedServer?.();
