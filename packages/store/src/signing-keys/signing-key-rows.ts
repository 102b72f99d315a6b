import { asc } from "drizzle-orm";
import type { Database, Session } from "../connection/session.ts";
import { signingKeys } from "../schema/tables/hosts.ts";
import type { SigningKeyReads, SigningKeyWrites } from "./signing-key-queries.ts";

/** Keys in use at once: the present one, the one before it, and room for mistakes. */
const KEYS_MAX = 64;

export const createSigningKeyReads = (db: Database): SigningKeyReads => ({
  list: async () => {
    const rows = await db
      .select()
      .from(signingKeys)
      .orderBy(asc(signingKeys.createdAt), asc(signingKeys.keyId))
      .limit(KEYS_MAX);
    return rows.map(({ keyId, publicKey }) => ({ keyId, publicKey }));
  },
});

export const createSigningKeyWrites = (session: Session): SigningKeyReads & SigningKeyWrites => ({
  ...createSigningKeyReads(session.db),
  put: async ({ keyId, publicKey }) => {
    const added = await session.db
      .insert(signingKeys)
      .values({ keyId, publicKey: Buffer.from(publicKey) })
      .onConflictDoNothing()
      .returning({ keyId: signingKeys.keyId });
    if (added.length === 0) return;
    session.audits.push({
      action: "signing-key.add",
      resource: `signingKeys/${keyId}`,
      details: {},
    });
  },
});
