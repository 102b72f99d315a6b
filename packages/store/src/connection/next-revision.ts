import { sql } from "drizzle-orm";

/** The next etag; set on every change of a row. */
export const nextRevision = sql`nextval('revisions')`;
