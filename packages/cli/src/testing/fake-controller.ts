import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import {
  DiagnosisServiceService,
  Disruption,
  type Event,
  EventServiceService,
  ExperimentServiceService,
  type Fleet,
  FleetServiceService,
  HostServiceService,
  ImageServiceService,
  JobServiceService,
  JobState,
  MoveServiceService,
  NetworkServiceService,
  PlanServiceService,
  ProfileServiceService,
  TelemetryServiceService,
  VmServiceService,
} from "@switchyard/proto";
import { fakeConsole, fakeLog } from "./fake-console.ts";
import { diagnosisAnswers } from "./fake-diagnosis.ts";
import { experimentAnswers } from "./fake-experiments.ts";
import { hostAnswers, hosts, planAnswers } from "./fake-hosts.ts";
import { imageAnswers } from "./fake-images.ts";
import { jobAnswers, jobEvents, jobIn } from "./fake-jobs.ts";
import { moveAnswers } from "./fake-moves.ts";
import { isRefusal } from "./fake-refusal.ts";
import { snapshotAnswers } from "./fake-snapshots.ts";
import { telemetryAnswers } from "./fake-telemetry.ts";
import { vmAnswers } from "./fake-vms.ts";

type Handler = (request: never) => unknown;

/** A controller with canned answers, which notes what it was asked. */
export interface FakeController {
  readonly address: string;
  /** Every request, with its method's name. */
  readonly requests: { readonly method: string; readonly request: Record<string, unknown> }[];
  stop(): void;
}

const SERVICES = [
  DiagnosisServiceService,
  EventServiceService,
  ExperimentServiceService,
  HostServiceService,
  ImageServiceService,
  JobServiceService,
  MoveServiceService,
  NetworkServiceService,
  PlanServiceService,
  ProfileServiceService,
  TelemetryServiceService,
  VmServiceService,
  FleetServiceService,
];

/**
 * @param options.endState how every job ends
 * @param options.fleet what it says of the fleet; not frozen unless told
 * @param options.disruption what its plan costs
 */
export async function startFakeController(
  options: {
    readonly endState?: JobState;
    readonly disruption?: Disruption;
    readonly fleet?: Fleet;
  } = {},
): Promise<FakeController> {
  const { endState = JobState.SUCCEEDED, disruption = Disruption.NONE } = options;
  let isMended = false;
  const unary: Record<string, Handler> = {
    ...hostAnswers(options.fleet),
    ...planAnswers(disruption),
    ...diagnosisAnswers(() => isMended),
    ...vmAnswers,
    ...imageAnswers,
    ...jobAnswers(endState),
    ...snapshotAnswers,
    ...experimentAnswers,
    ...moveAnswers,
    ...telemetryAnswers,
    applyPlan: () => {
      isMended = true;
      return jobIn(JobState.PENDING);
    },
    listEvents: () => ({ events: [] as Event[], nextPageToken: "" }),
  };
  const streams: Record<string, () => readonly unknown[]> = {
    watchJobEvents: () => jobEvents(endState),
    watchHosts: () => [
      { event: { $case: "change", value: { type: 1, host: hosts[0] } } },
      { event: { $case: "progress", value: { resumeToken: "t1", isSynced: true } } },
    ],
  };
  const requests: FakeController["requests"] = [];
  const server = new Server();
  for (const service of SERVICES) {
    const names = Object.keys(service).filter((name) => name in unary || name in streams);
    const handlers = names.map((name) => [name, handlerOf(name, { unary, streams, requests })]);
    server.addService(service as never, {
      ...Object.fromEntries(handlers),
      ...(service === VmServiceService && { connectConsole: fakeConsole, readVmLog: fakeLog }),
    });
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { address: `127.0.0.1:${port}`, requests, stop: () => server.forceShutdown() };
}

function handlerOf(
  method: string,
  tables: {
    readonly unary: Record<string, Handler>;
    readonly streams: Record<string, () => readonly unknown[]>;
    readonly requests: FakeController["requests"];
  },
): unknown {
  const { unary, streams, requests } = tables;
  const note = (request: unknown) =>
    requests.push({ method, request: request as Record<string, unknown> });
  const stream = streams[method];
  if (stream !== undefined) {
    return (call: ServerWritableStream<unknown, unknown>) => {
      note(call.request);
      for (const message of stream()) call.write(message);
      // A watch goes on for as long as its reader wants.
      if (method === "watchJobEvents") call.end();
    };
  }
  return (call: ServerUnaryCall<never, unknown>, callback: sendUnaryData<unknown>) => {
    note(call.request);
    const answer = unary[method]?.(call.request) as object;
    if (isRefusal(answer)) callback(answer);
    else callback(null, answer);
  };
}
