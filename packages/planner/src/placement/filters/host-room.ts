import { type FleetAffinity, formatTarget, residentsAgainst, residentsMeant } from "../affinity.ts";
import { type CandidateHost, freeMemoryBytes, freeVcpuCount, type Resident } from "../candidate.ts";
import type { PlacementNeeds } from "../needs.ts";
import type { Filter, Verdict } from "./filter.ts";
import { counted, MIB, mib, orDeleting } from "./text.ts";

/** Its CPU threads are not all promised. */
export const vcpu: Filter = (host, { vcpuCount }) => {
  const free = freeVcpuCount(host);
  if (free >= vcpuCount) return undefined;
  const short = vcpuCount - free;
  return {
    found: `${Math.max(0, free)} vCPUs free`,
    needs: `${vcpuCount} vCPUs`,
    change: `${counted(short, "more vCPU")}${orDeleting(host, short, (vm) => vm.vcpuCount)}`,
  };
};

/** Its memory of the VM's kind, ordinary or in huge pages, is not all promised. */
export const memory: Filter = (host, { memoryBytes, hugepageBytes }) => {
  const free = freeMemoryBytes(host, hugepageBytes);
  if (free >= memoryBytes) return undefined;
  const short = memoryBytes - free;
  const kind = hugepageBytes === undefined ? "" : ` in huge pages of ${mib(hugepageBytes)}`;
  const given = (vm: Resident): number => (vm.hugepageBytes === hugepageBytes ? vm.memoryBytes : 0);
  return {
    found: `${mib(free)} free${kind}`,
    needs: `${mib(memoryBytes)}${kind}`,
    change: `${mib(Math.ceil(short / MIB) * MIB)} more memory${kind}${orDeleting(host, short, given)}`,
  };
};

const names = (residents: readonly Resident[]): string => residents.map(({ vm }) => vm).join(", ");

/** The rules of the VM and of those on the host allow it. */
export const affinity = (
  host: Pick<CandidateHost, "residents">,
  needs: Pick<PlacementNeeds, "labels" | "affinity">,
  around: FleetAffinity,
): Verdict => {
  for (const { kind, target } of around.required) {
    const there = residentsMeant(host, target);
    if (kind === "apart" && there.length > 0) {
      return {
        found: `${names(there)} of ${formatTarget(target)} on it`,
        needs: `no VM of ${formatTarget(target)}`,
        change: `${names(there)} elsewhere`,
      };
    }
    if (kind === "together" && there.length === 0) {
      return {
        found: `no VM of ${formatTarget(target)}`,
        needs: `the host of a VM of ${formatTarget(target)}`,
        change: `a VM of ${formatTarget(target)} on it`,
      };
    }
  }
  const [against] = around.isNameable ? residentsAgainst(host, needs) : [];
  if (against === undefined) return undefined;
  const [resident, { target }] = against;
  return {
    found: `${resident.vm}, which wants to be apart from ${formatTarget(target)}`,
    needs: "no VM that wants to be apart from this one",
    change: `${resident.vm} elsewhere`,
  };
};
