/** One thing that differs between two looks at the catalogue. */
export interface CatalogChange {
  /** Oid of the relation that it happened to. */
  relation: number;
  /** `schema.name`, as it was before where there was one. */
  table: string;
  /** In the operator's words: what happened to the table. */
  what: string;
  /** It adds something, and takes nothing away from those who use what was there. */
  additive: boolean;
  /** Columns, as `adds` names them: where the plan has made all of these, it only adds, since nobody else writes them. */
  ifMade?: string[];
  /** Name of the object that is new, e.g. `column:16390.4`: whoever made it may remove it again. */
  adds?: string;
  /** Name of the object that is gone. */
  takes?: string;
  /** Rows, or values in them, are gone or other ones. */
  losesData: boolean;
  /** It reaches every table of the database. */
  everywhere?: boolean;
  /** What is lost are large objects, which no table holds. */
  largeObjects?: boolean;
}
