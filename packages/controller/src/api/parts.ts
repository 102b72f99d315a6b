import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { AuditEvent, Change, Store } from "@switchyard/store";
import type { BusAccess } from "../dispatch/bus-access.ts";
import type { Dispatch } from "../dispatch/dispatch.ts";
import type { HostCommands } from "../dispatch/host-commands.ts";
import type { FleetView } from "../placement/fleet-view.ts";
import type { Placer } from "../placement/place-call.ts";
import type { Brake } from "../reconcilers/freeze/brake.ts";
import type { HealthCheck } from "./health.ts";
import type { JobIntake } from "./jobs/job-intake.ts";
import type { Pager } from "./tokens/page.ts";
import type { TokenSealer } from "./tokens/sealed-token.ts";
import type { LogHub } from "./watch/log-hub.ts";

/** What reaches into VMs. */
export type VmCommands = Pick<
  HostCommands,
  "openConsole" | "openExec" | "vmLog" | "freeze" | "thaw"
>;

/** What the API asks of dispatch: to look at the outbox, and to tell an agent of something. */
export type DispatchPort = Pick<
  Dispatch,
  "wake" | "send" | "hasRoom" | "cancel" | "inspect" | "diagnose" | "snapshots"
> &
  VmCommands;

/** Everything the services stand on. */
export interface ApiParts {
  readonly store: Store;
  readonly changes: LogHub<Change>;
  readonly events: LogHub<AuditEvent>;
  readonly dispatch: DispatchPort;
  /** Whether anything may be begun by itself. */
  readonly brake: Brake;
  readonly intake: JobIntake;
  readonly fleetView: FleetView;
  readonly placer: Placer;
  readonly busAccess: BusAccess;
  /** Parts that the controller can't work without. */
  readonly healthChecks: readonly HealthCheck[];
  readonly pager: Pager;
  readonly resumeTokens: TokenSealer;
  /** Secret that all controllers of a cluster share. */
  readonly clusterKey: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
