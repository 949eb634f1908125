import { execa } from 'execa';
import { docker } from '../../examples/demo/docker.ts';
import type { Place } from '../../examples/demo/place.ts';

/** What was done to a shop, as Docker and PostgreSQL themselves saw it. */
export interface Witnessed {
  /** How often a container of each name was created. */
  containers: Record<string, number>;
  /** How often each command changed each object of the schema, and was committed. */
  schema: Record<string, number>;
}

const inDatabase = (place: Place, sql: string) =>
  docker(['exec', `${place.project}-db-1`, 'psql', '-U', 'postgres', '-d', 'shop', '-Atqc', sql]);

/** Watches a shop from outside of Switchback until `end` is called. */
export class OutsideWitness {
  readonly #events;

  private constructor(private readonly place: Place) {
    const filters = ['--filter', `label=com.docker.compose.project=${place.project}`, '--filter', 'event=create'];
    const format = ['--format', '{{.Actor.Attributes.name}}'];
    this.#events = execa('docker', ['events', ...filters, ...format], { reject: false, stdin: 'ignore' });
  }

  static async begin(place: Place): Promise<OutsideWitness> {
    const witness = new OutsideWitness(place);
    // A trigger's row is committed with the command that it saw: what was rolled back did not happen.
    await inDatabase(
      place,
      `create schema audit;
       create table audit.command (tag text, object text);
       create function audit.note() returns event_trigger language plpgsql as $$ begin
         insert into audit.command select command_tag, object_identity from pg_event_trigger_ddl_commands()
           where schema_name = 'public';
       end $$;
       create function audit.note_drop() returns event_trigger language plpgsql as $$ begin
         insert into audit.command select 'DROP', object_identity from pg_event_trigger_dropped_objects()
           where schema_name = 'public' and original;
       end $$;
       create event trigger audit_command on ddl_command_end execute function audit.note();
       create event trigger audit_drop on sql_drop execute function audit.note_drop();`,
    );
    return witness;
  }

  async end(): Promise<Witnessed> {
    const rows = await inDatabase(this.place, `select tag || ' ' || object from audit.command`);
    this.#events.kill();
    const { stdout } = await this.#events;
    // Compose renames what it replaces: the temporary name has the old container's id in front.
    return { containers: counts(stdout.replaceAll(/^[0-9a-f]{12}_/gm, '')), schema: counts(rows) };
  }
}

function counts(lines: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of lines.split('\n').sort()) if (line !== '') found[line] = (found[line] ?? 0) + 1;
  return found;
}
