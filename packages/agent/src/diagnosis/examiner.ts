import type { Host } from "@switchyard/host";
import { type Examination, HostError } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Ledger } from "../ledger/ledger.ts";
import type { InventoryReports } from "../presence/inventory-reports.ts";
import type { OffloadWatch } from "../telemetry/offload/offload-watch.ts";
import { examineHost } from "./examine-host.ts";

/** Looks at the host when a diagnosis asks for it. */
export interface Examiner {
  /**
   * Publishes the inventory, then looks at what is not in it. Several that ask at once share one look.
   *
   * @throws DispatchError BUS_UNAVAILABLE; HostError DEVICE_ABSENT when there is no inventory
   */
  examine(): Promise<Examination>;
}

export function createExaminer(parts: {
  readonly host: Host;
  readonly clock: Clock;
  readonly reports: Pick<InventoryReports, "latest" | "report">;
  readonly ledger: Pick<Ledger, "trouble" | "state">;
  readonly offload: OffloadWatch;
}): Examiner {
  const { host, clock, reports, ledger, offload } = parts;
  const look = async () => {
    await reports.report();
    const inventory = reports.latest();
    if (inventory === undefined) throw new HostError("DEVICE_ABSENT", "the host was not observed");
    const unfinished = [...ledger.state.jobs()].filter(({ hasEnded }) => !hasEnded);
    const agent = { ledgerTrouble: ledger.trouble, unfinishedJobCount: unfinished.length };
    return examineHost({ host, clock, inventory, agent, offload });
  };
  let running: Promise<Examination> | undefined;
  return {
    examine: () => {
      running ??= look().finally(() => {
        running = undefined;
      });
      return running;
    },
  };
}
