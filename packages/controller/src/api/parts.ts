import type { HostId } from "@switchyard/model";
import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { AuditEvent, Change, Store } from "@switchyard/store";
import type { Pager } from "./tokens/page.ts";
import type { TokenSealer } from "./tokens/sealed-token.ts";
import type { LogHub } from "./watch/log-hub.ts";

/** What the API asks of dispatch. */
export interface DispatchPort {
  /** There is something new in the outbox; called after the commit. */
  wake(): void;
}

/** What an enrolled host needs to reach the bus. */
export interface BusAccess {
  readonly natsServers: readonly string[];
  /**
   * Lets the host in; resolves when its agent can connect. May run twice.
   *
   * @throws DispatchError BUS_UNAVAILABLE
   */
  admit(host: HostId): Promise<void>;
}

/** Everything the services stand on. */
export interface ApiParts {
  readonly store: Store;
  readonly changes: LogHub<Change>;
  readonly events: LogHub<AuditEvent>;
  readonly dispatch: DispatchPort;
  readonly busAccess: BusAccess;
  readonly pager: Pager;
  readonly resumeTokens: TokenSealer;
  /** Secret that all controllers of a cluster share. */
  readonly clusterKey: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
