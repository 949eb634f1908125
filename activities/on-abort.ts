type Callback = () => void;

const waiting = new WeakMap<AbortSignal, Set<Callback>>();

/**
 * Calls back when a signal is aborted, once. All who wait for one signal share a listener: an operation asks the engine about each container of a
 * stack at the same time, and more than ten listeners of one signal are reported as a leak. @returns what ends the waiting
 */
export function onAbort(signal: AbortSignal | undefined, callback: Callback): () => void {
  if (signal === undefined || signal.aborted) return () => undefined;
  // A callback that two pass would be one entry of the set.
  const own = () => callback();
  const callbacks = waiting.get(signal) ?? listen(signal);
  callbacks.add(own);
  return () => callbacks.delete(own);
}

function listen(signal: AbortSignal): Set<Callback> {
  const callbacks = new Set<Callback>();
  waiting.set(signal, callbacks);
  signal.addEventListener(
    'abort',
    () => {
      const called = [...callbacks];
      callbacks.clear();
      for (const each of called) each();
    },
    { once: true },
  );
  return callbacks;
}
