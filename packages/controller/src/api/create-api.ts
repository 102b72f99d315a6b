import type { Server } from "@grpc/grpc-js";
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
import { createPassiveTracer, type Service, stopAll, type Tracer } from "@switchyard/runtime";
import { createFleetView } from "../placement/fleet-view.ts";
import type { Placer } from "../placement/place-call.ts";
import { createPlacer } from "../placement/placer.ts";
import { createHealth, type HealthCheck, type PartState } from "./health.ts";
import { type ApiToken, createAuthenticator } from "./interceptors/authentication.ts";
import { createHandlers, type ServiceEdge } from "./interceptors/service.ts";
import { createJobIntake } from "./jobs/job-intake.ts";
import type { ListenOptions } from "./listen.ts";
import type { ApiParts } from "./parts.ts";
import { addReflection } from "./reflection.ts";
import { createServer, startServer } from "./server.ts";
import { createDiagnosisService } from "./services/diagnosis-service.ts";
import { createEnrollmentService } from "./services/enrollment-service.ts";
import { createEventService } from "./services/event-service.ts";
import { createExperimentService } from "./services/experiment-service.ts";
import { createFleetService } from "./services/fleet-service.ts";
import { createHostService } from "./services/host-service.ts";
import { createImageService } from "./services/image-service.ts";
import { createJobService } from "./services/job-service.ts";
import { createMoveService } from "./services/move-service.ts";
import { createNetworkService } from "./services/network-service.ts";
import { createPlanService } from "./services/plan-service.ts";
import { createProfileService } from "./services/profile-service.ts";
import { createRolloutService } from "./services/rollout-service.ts";
import { createTelemetryService } from "./services/telemetry-service.ts";
import { createVmService } from "./services/vm-service.ts";
import { createPager } from "./tokens/page.ts";
import { createTokenSealer } from "./tokens/sealed-token.ts";
import { createLogHub } from "./watch/log-hub.ts";

export interface ApiOptions
  extends Pick<
    ApiParts,
    "store" | "dispatch" | "brake" | "busAccess" | "clusterKey" | "clock" | "random"
  > {
  readonly listen: ListenOptions;
  readonly tokens: readonly ApiToken[];
  /** Asked every second; while one fails, services are NOT_SERVING. */
  readonly healthChecks: readonly HealthCheck[];
  readonly log: ApiParts["log"];
  /** Left out, calls keep the trace they came with and nothing is sent. */
  readonly tracer?: Tracer;
  /** Told of every call that ended. */
  readonly onCall?: ServiceEdge["onCall"];
}

export interface Api extends Service {
  /** `host:port` that is really listened on. */
  readonly address: string;
  /** What the controller can't work without, as it was last looked at. */
  readiness(): readonly PartState[];
  /** Looks for changes at once; called after commits of other parts of this process. */
  wakeWatches(): void;
  /** Places VMs beside those of its callers. */
  readonly placer: Placer;
}

function addServices(server: Server, edge: ServiceEdge, parts: ApiParts): void {
  const services = [
    [HostServiceService, createHandlers(edge, HostServiceService, createHostService(parts))],
    [
      ProfileServiceService,
      createHandlers(edge, ProfileServiceService, createProfileService(parts)),
    ],
    [PlanServiceService, createHandlers(edge, PlanServiceService, createPlanService(parts))],
    [JobServiceService, createHandlers(edge, JobServiceService, createJobService(parts))],
    [MoveServiceService, createHandlers(edge, MoveServiceService, createMoveService(parts))],
    [
      NetworkServiceService,
      createHandlers(edge, NetworkServiceService, createNetworkService(parts)),
    ],
    [ImageServiceService, createHandlers(edge, ImageServiceService, createImageService(parts))],
    [
      RolloutServiceService,
      createHandlers(edge, RolloutServiceService, createRolloutService(parts)),
    ],
    [
      ExperimentServiceService,
      createHandlers(edge, ExperimentServiceService, createExperimentService(parts)),
    ],
    [FleetServiceService, createHandlers(edge, FleetServiceService, createFleetService(parts))],
    [VmServiceService, createHandlers(edge, VmServiceService, createVmService(parts))],
    [
      TelemetryServiceService,
      createHandlers(edge, TelemetryServiceService, createTelemetryService(parts)),
    ],
    [EventServiceService, createHandlers(edge, EventServiceService, createEventService(parts))],
    [
      DiagnosisServiceService,
      createHandlers(edge, DiagnosisServiceService, createDiagnosisService(parts)),
    ],
    [
      EnrollmentServiceService,
      createHandlers(edge, EnrollmentServiceService, createEnrollmentService(parts)),
    ],
  ] as const;
  for (const [definition, handlers] of services) server.addService(definition, handlers);
}

/** Names of the services that health knows. */
const SERVICE_NAMES: readonly string[] = [
  "Diagnosis",
  "Enrollment",
  "Event",
  "Experiment",
  "Fleet",
  "Host",
  "Image",
  "Job",
  "Move",
  "Network",
  "Plan",
  "Profile",
  "Rollout",
  "Telemetry",
  "Vm",
].map((noun) => `switchyard.v1.${noun}Service`);

function createParts(options: ApiOptions): ApiParts {
  const { store, clusterKey, clock, random, log } = options;
  const { dispatch, brake, busAccess } = options;
  const sealer = (purpose: string) => createTokenSealer({ key: clusterKey, purpose });
  const changes = createLogHub({ source: store.changes, clock, log });
  const events = createLogHub({ source: store.eventLog, clock, log });
  const fleetView = createFleetView({ store, clock, log });
  const onCommitted = () => {
    changes.wake();
    events.wake();
  };
  return {
    intake: createJobIntake({ store, dispatch, onCommitted }),
    fleetView,
    placer: createPlacer({ store, view: fleetView, clock, random, dispatch, onCommitted }),
    store,
    dispatch,
    brake,
    busAccess,
    clusterKey,
    clock,
    random,
    log,
    changes,
    events,
    healthChecks: options.healthChecks,
    pager: createPager(sealer("page")),
    resumeTokens: sealer("resume"),
  };
}

/**
 * Starts the gRPC server with all services, reflection and health.
 *
 * @throws SwitchyardError CONFIG_INVALID
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { listen, tokens, healthChecks, clock, random } = options;
  const log = options.log.child({ part: "api" });
  const parts = createParts({ ...options, log });
  const authenticator = createAuthenticator({
    tokens,
    localAdmin: listen.tls === undefined && listen.insecureLoopback,
  });
  const server = createServer();
  const stopping = new AbortController();
  const onCall = options.onCall ?? (() => undefined);
  const tracer = options.tracer ?? createPassiveTracer(random);
  const edge = { authenticator, clock, random, log, stopping: stopping.signal, onCall, tracer };
  addServices(server, edge, parts);
  addReflection(server);
  const health = createHealth({ services: SERVICE_NAMES, parts: healthChecks, clock });
  health.addToServer(server);
  const hubs = [parts.changes.start(), parts.events.start(), parts.fleetView.start()];
  const running = await startServer(server, { ...listen, clock }).catch(async (error: unknown) => {
    await stopAll(hubs);
    throw error;
  });
  log.info({ address: running.address }, "API listens");
  const checking = health.start();
  return {
    address: running.address,
    readiness: health.states,
    placer: parts.placer,
    wakeWatches: () => {
      parts.changes.wake();
      parts.events.wake();
    },
    stop: async () => {
      stopping.abort();
      await stopAll([...hubs, running, checking]);
    },
  };
}
