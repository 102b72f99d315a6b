import type { HostId } from "@switchyard/model";
import { eq } from "drizzle-orm";
import type { Session } from "../connection/session.ts";
import { hosts } from "../schema/tables/hosts.ts";
import { hostNotFound } from "./host-reads.ts";

/**
 * Keeps others from taking anything of the host until the transaction ends.
 *
 * @throws StoreError HOST_NOT_FOUND
 */
export async function lockHost(
  session: Session,
  id: HostId,
): Promise<{ readonly revision: number }> {
  const [row] = await session.db
    .select({ revision: hosts.revision })
    .from(hosts)
    .where(eq(hosts.name, id))
    .for("no key update");
  if (row === undefined) throw hostNotFound(id);
  return row;
}
