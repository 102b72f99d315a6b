import type { DatapathFlow } from "@switchyard/host";
import type { Inventory, OffloadProof } from "@switchyard/model";
import { cardPorts, isBetweenCardPorts } from "@switchyard/planner";

export interface FlowLook {
  readonly inventory: Inventory;
  readonly flows: readonly DatapathFlow[];
  readonly atMs: number;
}

/** Remembers by which flow offload was proven, and what share of traffic the card carried of late. */
export interface OffloadWatch {
  /** Takes one look at the flows. */
  look(look: FlowLook): void;
  /** Open vSwitch does not run: nothing is proven. */
  forget(): void;
  /** Undefined while hw-offload is off, or no flow was seen in the card since it was turned on. */
  proof(): OffloadProof | undefined;
  /**
   * Share of packets between ports of the card that the card carried between the last two looks, 0 to 1;
   * undefined where none passed.
   */
  share(): number | undefined;
}

/** The proof is dropped whenever what it proves may have changed. */
const groundOf = ({ nics, ovs }: Inventory): string => {
  const modes = nics.flatMap((nic) =>
    nic.pfs.map((pf) => `${pf.pciAddress} ${pf.eswitchMode} ${pf.vfCount}`),
  );
  return JSON.stringify([modes, ovs?.hwOffload, ovs?.isRestartPending, ovs?.version]);
};

export function createOffloadWatch(): OffloadWatch {
  let ground = "";
  let proof: OffloadProof | undefined;
  let seen = new Map<string, number>();
  let share: number | undefined;

  const forget = () => {
    proof = undefined;
    share = undefined;
    seen = new Map();
  };

  /** Only flows seen twice count: of a new one nobody knows when its packets passed. */
  const measure = (flows: readonly DatapathFlow[]) => {
    const now = new Map<string, number>();
    let hardware = 0;
    let all = 0;
    for (const flow of flows) {
      const key = `${flow.ufid ?? `${flow.inPort} ${flow.actions}`} ${flow.place}`;
      const before = seen.get(key);
      now.set(key, flow.packets);
      if (before === undefined || flow.packets <= before) continue;
      all += flow.packets - before;
      if (flow.isOffloaded) hardware += flow.packets - before;
    }
    seen = now;
    share = all === 0 ? undefined : hardware / all;
  };

  return {
    look: ({ inventory, flows, atMs }) => {
      if (groundOf(inventory) !== ground) {
        forget();
        ground = groundOf(inventory);
      }
      const ports = cardPorts(inventory);
      const own = flows.filter((flow) => isBetweenCardPorts(flow, ports));
      measure(own);
      if (inventory.ovs?.hwOffload !== true) {
        proof = undefined;
        return;
      }
      const carried = own.find(({ isOffloaded, packets }) => isOffloaded && packets > 0);
      if (proof === undefined && carried !== undefined) {
        proof = { atMs, inPort: carried.inPort, outPort: carried.actions };
      }
    },
    forget,
    proof: () => proof,
    share: () => share,
  };
}
