import { assert, type HostId, type VmSpec } from "@switchyard/model";
import { and, eq, ne, sql } from "drizzle-orm";
import type { Database } from "../connection/session.ts";
import { allocations } from "../schema/tables/vms.ts";
import type { HostCapacity } from "./vm-queries.ts";

/**
 * What is allocated on a host, of memory only that of the VM's kind: ordinary, or huge pages of its size.
 *
 * @param besides a holder whose own share is left out
 */
export async function usedCapacity(
  db: Database,
  host: HostId,
  of: { readonly spec: VmSpec; readonly besides?: string },
): Promise<HostCapacity> {
  const size = of.spec.hugepageBytes ?? null;
  const [used] = await db
    .select({
      vcpuCount: sql<number>`coalesce(sum(${allocations.vcpuCount}), 0)::float8`,
      memoryBytes: sql<number>`coalesce(sum(${allocations.memoryBytes})
        FILTER (WHERE ${allocations.hugepageBytes} IS NOT DISTINCT FROM ${size}::bigint), 0)::float8`,
    })
    .from(allocations)
    .where(
      and(
        eq(allocations.host, host),
        of.besides === undefined ? undefined : ne(allocations.vm, of.besides),
      ),
    );
  assert(used !== undefined, "an aggregate has one row");
  return used;
}
