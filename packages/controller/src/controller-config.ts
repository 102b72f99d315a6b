import type { SigningKey, TlsFiles } from "@switchyard/bus";
import type { Clock, Logger, Random, Tracer } from "@switchyard/runtime";
import type { Retention } from "@switchyard/store";
import type { ApiToken } from "./api/interceptors/authentication.ts";
import type { ListenOptions } from "./api/listen.ts";

export interface ControllerConfig {
  readonly listen: ListenOptions;
  readonly tokens: readonly ApiToken[];
  /** Secret that all controllers of a cluster share; page, resume and enrolment tokens are made with it. */
  readonly clusterKey: string;
  /** `postgres://user:password@host:port/database`. */
  readonly databaseUrl: string;
  readonly nats: NatsConfig;
  /** How long telemetry is kept; what is left out as long as by default. */
  readonly retention?: Partial<Retention>;
  readonly log: Logger;
  /** Metrics and probes over HTTP; undefined for none. */
  readonly gateway?: GatewayOptions;
  /** Left out, calls keep the trace they came with and nothing is sent. The caller stops it. */
  readonly tracer?: Tracer;
  /** The machine's own unless told. */
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface GatewayOptions {
  /** `host:port`, in plain HTTP for whoever reaches it; port 0 takes a free one. */
  readonly address: string;
  /** Whether `/metrics` has the newest sample of every series of every host too; it has unless told. */
  readonly hasSamples?: boolean;
}

export interface NatsConfig {
  readonly servers: readonly string[];
  /** As agents are told to reach them; the same as `servers` unless told. */
  readonly agentServers?: readonly string[];
  /** Seed of the controllers' NATS user. */
  readonly seed: string;
  /** Signs job envelopes. */
  readonly signingKey: SigningKey;
  readonly tls?: TlsFiles;
  /** The file of users that the broker includes, and how it is told; undefined where others keep it. */
  readonly usersFile?: {
    readonly path: string;
    /** Holds the process id of the nats-server on this machine; left out where others tell it of a change. */
    readonly pidFile?: string;
    /** nkeys of controllers with another seed. */
    readonly otherControllers: readonly string[];
  };
}

/** With everything that has a default. */
export type WholeConfig = ControllerConfig & { readonly clock: Clock; readonly random: Random };
