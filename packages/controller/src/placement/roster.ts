import type { HostId } from "@switchyard/model";
import type { CandidateHost } from "@switchyard/planner";

/** The hosts that VMs may go to. */
export interface Roster {
  /** Changes in place as hosts do: whoever waits for something in between has a copy. */
  readonly candidates: readonly CandidateHost[];
  /** Where each is in the list. Another one once hosts come or go. */
  readonly indexOf: ReadonlyMap<string, number>;
}

/** Keeps a roster while hosts change, which is for every VM, and makes it anew when they come or go. */
export interface RosterKeeper {
  current(): Roster;
  /** @param candidate undefined: the host is gone */
  set(host: HostId, candidate: CandidateHost | undefined): void;
}

/** @param listAll the hosts as they are when a roster is made */
export function createRosterKeeper(listAll: () => readonly CandidateHost[]): RosterKeeper {
  let roster: (Roster & { readonly candidates: CandidateHost[] }) | undefined;
  return {
    current: () => {
      if (roster !== undefined) return roster;
      const candidates = [...listAll()];
      roster = { candidates, indexOf: new Map(candidates.map(({ host }, at) => [host, at])) };
      return roster;
    },
    set: (host, candidate) => {
      const at = roster?.indexOf.get(host);
      if (roster === undefined || at === undefined || candidate === undefined) roster = undefined;
      else roster.candidates[at] = candidate;
    },
  };
}
