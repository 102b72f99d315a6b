import { Client, credentials } from "@grpc/grpc-js";
import { InvalidInputError } from "@switchyard/model";
import {
  DiagnosisServiceService,
  EnrollmentServiceService,
  EventServiceService,
  ExperimentServiceService,
  FleetServiceService,
  HostServiceService,
  ImageServiceService,
  JobServiceService,
  MoveServiceService,
  NetworkServiceService,
  PlanServiceService,
  ProfileServiceService,
  RolloutServiceService,
  TelemetryServiceService,
  VmServiceService,
} from "@switchyard/proto";
import type { TraceCall } from "./call-trace.ts";
import { type PromiseService, promiseService } from "./promise-service.ts";
import { systemTiming, type Timing } from "./timing.ts";

/** How the connection is secured. `insecure` is a development setting and goes to loopback only. */
export type ChannelSecurity =
  | { readonly kind: "tls"; readonly caCertificatePem: string | undefined }
  | { readonly kind: "insecure" };

export interface ClientOptions {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly security: ChannelSecurity;
  /** Bearer token; undefined sends none. */
  readonly token?: string;
  /** Bound on unary calls; default 30 s. */
  readonly timeoutMs?: number;
  readonly timing?: Timing;
  /** Traces each call; left out, the controller begins traces itself. */
  readonly trace?: TraceCall;
}

/** All services of one controller. */
export interface SwitchyardClient {
  readonly diagnosis: PromiseService<typeof DiagnosisServiceService>;
  readonly enrollment: PromiseService<typeof EnrollmentServiceService>;
  readonly events: PromiseService<typeof EventServiceService>;
  readonly fleet: PromiseService<typeof FleetServiceService>;
  readonly hosts: PromiseService<typeof HostServiceService>;
  readonly jobs: PromiseService<typeof JobServiceService>;
  readonly moves: PromiseService<typeof MoveServiceService>;
  readonly images: PromiseService<typeof ImageServiceService>;
  readonly rollouts: PromiseService<typeof RolloutServiceService>;
  readonly experiments: PromiseService<typeof ExperimentServiceService>;
  readonly networks: PromiseService<typeof NetworkServiceService>;
  readonly plans: PromiseService<typeof PlanServiceService>;
  readonly profiles: PromiseService<typeof ProfileServiceService>;
  readonly telemetry: PromiseService<typeof TelemetryServiceService>;
  readonly vms: PromiseService<typeof VmServiceService>;
  close(): void;
}

const TIMEOUT_MS = 30_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$/;

/** Keepalive is off in grpc-js unless asked for. */
const CHANNEL_OPTIONS = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  // Else DNS is asked for a TXT record that nobody has, and where it does not answer a program lasts 20 s longer.
  "grpc.service_config_disable_resolution": 1,
} as const;

function channelCredentials({ address, security }: ClientOptions) {
  switch (security.kind) {
    case "tls":
      return credentials.createSsl(
        security.caCertificatePem === undefined ? null : Buffer.from(security.caCertificatePem),
      );
    case "insecure":
      if (LOOPBACK.test(address)) return credentials.createInsecure();
      throw new InvalidInputError("FIELD_INVALID", `no TLS to ${address}`, {
        found: address,
        needs: "a loopback address, or TLS",
      });
  }
}

/**
 * Opens a client; connects with the first call.
 *
 * @throws InvalidInputError FIELD_INVALID for an insecure channel beyond loopback
 */
export function createClient(options: ClientOptions): SwitchyardClient {
  const channel = new Client(options.address, channelCredentials(options), CHANNEL_OPTIONS);
  const service = <Definition extends object>(definition: Definition) =>
    promiseService(channel, definition, {
      token: options.token,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      timing: options.timing ?? systemTiming,
      trace: options.trace,
    });
  return {
    diagnosis: service(DiagnosisServiceService),
    enrollment: service(EnrollmentServiceService),
    events: service(EventServiceService),
    fleet: service(FleetServiceService),
    hosts: service(HostServiceService),
    jobs: service(JobServiceService),
    moves: service(MoveServiceService),
    images: service(ImageServiceService),
    rollouts: service(RolloutServiceService),
    experiments: service(ExperimentServiceService),
    networks: service(NetworkServiceService),
    plans: service(PlanServiceService),
    profiles: service(ProfileServiceService),
    telemetry: service(TelemetryServiceService),
    vms: service(VmServiceService),
    close: () => channel.close(),
  };
}
