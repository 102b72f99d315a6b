import { fleetAffinity } from "./affinity.ts";
import type { CandidateHost } from "./candidate.ts";
import { affinity } from "./filters/host-room.ts";
import type { PlacementNeeds } from "./needs.ts";

type Rules = Pick<PlacementNeeds, "vm" | "labels" | "affinity">;

/**
 * The VMs that can't be where they were planned by the rules alone, each beside those before it: what placement
 * asks again of hosts that can't change any more.
 */
export function refusedByRules<Host extends Pick<CandidateHost, "host" | "residents">>(
  planned: readonly { readonly needs: Rules; readonly host: string }[],
  fleet: readonly Host[],
): readonly Rules["vm"][] {
  const hosts = new Map(fleet.map((each) => [each.host as string, each]));
  const refused: Rules["vm"][] = [];
  for (const { needs, host: name } of planned) {
    const host = hosts.get(name) ?? { host: name, residents: [] };
    const around = fleetAffinity(needs, [...hosts.values()]);
    if (affinityRefuses(host, needs, around)) refused.push(needs.vm);
    else {
      const { vm, labels, affinity: rules } = needs;
      const resident = { vm, labels, affinity: rules, vcpuCount: 0, memoryBytes: 0, slotCount: 0 };
      hosts.set(name, { ...host, residents: [...host.residents, resident] } as Host);
    }
  }
  return refused;
}

/** The filter looks at nothing but residents and rules. */
const affinityRefuses = (
  host: Pick<CandidateHost, "residents">,
  needs: Rules,
  around: ReturnType<typeof fleetAffinity>,
): boolean => affinity(host, needs, around) !== undefined;
