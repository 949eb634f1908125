/** What Compose says that it does to an object. */
export interface ComposeEvent {
  object: 'Container' | 'Network' | 'Volume' | 'Image';
  name: string;
  /** As Compose says it: Creating, Created, Recreate, Recreated, Starting, Started, Running, Waiting, Healthy, Exited, Error… */
  status: string;
}

/** Reads one line of `--progress plain`. Anything else (a service's own output, a warning) is no event. */
export function parseEvent(line: string): ComposeEvent | undefined {
  const found = /^\s*(Container|Network|Volume|Image) "?([^\s"]+)"?\s+([A-Z][A-Za-z]+)\b/.exec(line);
  if (!found) return undefined;
  const [, object, name = '', status = ''] = found;
  return { object: object as ComposeEvent['object'], name, status };
}
