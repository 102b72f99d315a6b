import type { Logger } from "@switchyard/runtime";
import type { FleetView } from "../../api/diagnosis/fleet-view.ts";
import type { ApiParts } from "../../api/parts.ts";
import type { Dispatch } from "../../dispatch/dispatch.ts";
import type { Rounds } from "../../gateway/metrics/instruments.ts";
import type { Placer } from "../../placement/place-call.ts";

export const EXPERIMENT_ACTOR = "controller/experiment";

/** What experiments stand on. */
export interface ExperimentParts extends Pick<ApiParts, "store" | "clock" | "random" | "brake"> {
  readonly dispatch: Dispatch;
  readonly placer: Placer;
  readonly readFleet: () => Promise<FleetView>;
  readonly log: Logger;
  readonly rounds: Rounds;
  /** This controller, as experiments know who takes them on: a UUID of its own for each start. */
  readonly holder: string;
  /** Aborted when the controller stops. */
  readonly signal: AbortSignal;
}
