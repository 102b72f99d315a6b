import type { HostId, JobId } from "@switchyard/model";
import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { AuditEvent, Change, Store, StoredSample } from "@switchyard/store";
import type { Pager } from "./tokens/page.ts";
import type { TokenSealer } from "./tokens/sealed-token.ts";
import type { LogHub } from "./watch/log-hub.ts";

/** What the API asks of dispatch. */
export interface DispatchPort {
  /** There is something new in the outbox; called after the commit. */
  wake(): void;
  /** Tells the host's agent to stop a job whose cancellation is recorded; never rejects. */
  cancel(job: { readonly id: JobId; readonly host: HostId; readonly epoch: number }): void;
}

/** New samples as they come in to this controller. */
export interface SampleFeed {
  /** Until the returned function is called. The listener must not block. */
  subscribe(listener: (samples: readonly StoredSample[]) => void): () => void;
}

/** What a host needs to reach the bus. */
export interface BusAccess {
  readonly natsServers: readonly string[];
  /** Shard of a host that enrols. */
  shardOf(host: HostId): number;
  /** Lets the broker know a host's key; resolves when it may connect. May run twice. */
  admit(host: { readonly host: HostId; readonly nkeyPublic: string }): Promise<void>;
}

/** Everything the services stand on. */
export interface ApiParts {
  readonly store: Store;
  readonly changes: LogHub<Change>;
  readonly events: LogHub<AuditEvent>;
  readonly dispatch: DispatchPort;
  readonly samples: SampleFeed;
  readonly busAccess: BusAccess;
  readonly pager: Pager;
  readonly resumeTokens: TokenSealer;
  /** Makes enrolment tokens; a secret that all controllers of a cluster share. */
  readonly secretOf: (purpose: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
