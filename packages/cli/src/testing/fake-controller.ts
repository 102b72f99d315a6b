import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import {
  Check,
  CheckStatus,
  DiagnosisReport,
  DiagnosisServiceService,
  Disruption,
  ErrorInfo,
  type Event,
  EventServiceService,
  ExperimentServiceService,
  Fleet,
  FleetServiceService,
  Host,
  HostKind,
  HostServiceService,
  HostState,
  Image,
  ImageCopyState,
  ImageServiceService,
  Job,
  JobEvent,
  JobKind,
  JobServiceService,
  JobSnapshot,
  JobState,
  Likelihood,
  MoveServiceService,
  Network,
  NetworkServiceService,
  NicKind,
  PlacementReport,
  Plan,
  PlanServiceService,
  PlanState,
  ProfileServiceService,
  RequestInfo,
  SafeFix,
  type SnapshotChange,
  Soundness,
  Status,
  SymptomExplanation,
  TelemetryServiceService,
  Vm,
  VmServiceService,
  VmState,
} from "@switchyard/proto";

import { fakeConsole, fakeLog } from "./fake-console.ts";
import { experimentAnswers } from "./fake-experiments.ts";
import { moveAnswers } from "./fake-moves.ts";
import { offloadOf } from "./fake-offload.ts";
import { telemetryAnswers } from "./fake-telemetry.ts";

type Handler = (request: never) => unknown;

/** A controller with canned answers, which notes what it was asked. */
export interface FakeController {
  readonly address: string;
  /** Every request, with its method's name. */
  readonly requests: { readonly method: string; readonly request: Record<string, unknown> }[];
  stop(): void;
}

export function refuse(
  code: keyof typeof status,
  reason: string,
  details: { readonly message: string; readonly metadata?: Record<string, string> },
): Partial<ServiceError> {
  const { message, metadata = {} } = details;
  const pack = (name: string, bytes: Uint8Array) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(bytes),
  });
  const number = Number(status[code]);
  const body = Status.encode({
    code: number,
    message,
    details: [
      pack("ErrorInfo", ErrorInfo.encode({ reason, domain: "switchyard.dev", metadata }).finish()),
      pack("RequestInfo", RequestInfo.encode({ requestId: "req-1", servingData: "" }).finish()),
    ],
  }).finish();
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(body));
  return { code: number, details: message, metadata: trailers };
}

const hosts = [
  Host.fromPartial({
    name: "hosts/r740-01",
    kind: HostKind.SIMULATED,
    state: HostState.READY,
    labels: { role: "vm-host" },
    capacity: { slotCount: 2, slotFreeCount: 1, vcpuCount: 80, vcpuFreeCount: 64 },
  }),
  Host.fromPartial({ name: "hosts/lab-1", kind: HostKind.LAB, state: HostState.LOST }),
];

const plan = Plan.fromPartial({
  name: "plans/p1",
  etag: "e1",
  host: "hosts/r740-01",
  hostKind: HostKind.SIMULATED,
  profile: "profiles/cx6dx",
  state: PlanState.READY,
  steps: [
    {
      id: "01-ensureVfCount",
      kind: "ensureVfCount",
      title: "Create 2 VFs on 0000:82:00.0",
      disruption: 1,
      isReversible: true,
      commands: [
        { command: { $case: "write", value: { path: "/sys/x/sriov_numvfs", text: "2" } } },
      ],
    },
  ],
});

const symptomOf = (text: string): SymptomExplanation =>
  SymptomExplanation.fromPartial({
    text,
    isKnown: !text.includes("coffee"),
    ...(!text.includes("coffee") && {
      orderTitle: "the network between VMs does not work",
      order: [
        { question: "Is every link up?", checks: ["C10"], soundness: Soundness.TROUBLED },
        { question: "Does the switch pass it?", hint: "look at the switch" },
      ],
      causes: [
        {
          id: "C10",
          cause: "a representor is down",
          fix: "ip link set eth0 up",
          confidence: "high",
          likelihood: Likelihood.CONFIRMED,
          checks: ["C10"],
          evidence: ["C10: eth0 is down"],
        },
      ],
    }),
  });

const result = (id: string, status: CheckStatus, more: object = {}) => ({
  id,
  group: "eswitch",
  title: `${id} holds`,
  status,
  evidence: [`seen by ${id}`],
  ...more,
});

/** The first host has a representor down until its plan was applied; the other one is well. */
function reportOf(name: string, isMended: boolean): DiagnosisReport {
  const isWell = isMended || name !== "hosts/r740-01";
  const c10 = isWell
    ? result("C10", CheckStatus.PASS)
    : result("C10", CheckStatus.FAIL, {
        causes: ["nobody set it up"],
        fix: "ip link set eth0 up",
        safeFix: SafeFix.APPLY_PROFILE,
      });
  return DiagnosisReport.fromPartial({
    subject: name,
    hostKind: HostKind.SIMULATED,
    status: isWell ? CheckStatus.PASS : CheckStatus.FAIL,
    results: [c10, result("E01", CheckStatus.SKIP)],
  });
}

const network = Network.fromPartial({
  name: "networks/lan",
  etag: "7",
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    reservations: [{ address: "192.168.101.20", vm: "vms/web-1" }],
  },
});

const report = PlacementReport.fromPartial({
  host: "hosts/r740-01",
  verdicts: [
    {
      host: "hosts/r740-01",
      fits: true,
      total: 7.5,
      scores: [{ weigher: "load", score: 0.9375, weight: 8 }],
      slots: [{ pfPciAddress: "0000:82:00.0", vfIndex: 3, numaNode: 1 }],
    },
    {
      host: "hosts/r740-02",
      refusals: [
        {
          filter: "memory",
          found: "2048 MiB free",
          needs: "4096 MiB",
          change: "2048 MiB more memory",
        },
      ],
    },
  ],
  fittingHostCount: 1,
  refusingHostCount: 1,
});

const vm = Vm.fromPartial({
  guest: {
    hostname: "web-1",
    os: "Rocky Linux 9.4",
    kernelRelease: "5.14.0",
    netdevs: [{ name: "eth0", addresses: ["192.168.101.20/24"] }],
  },
  name: "vms/web-1",
  state: VmState.RUNNING,
  job: "jobs/j1",
  spec: {
    vcpuCount: 4,
    memoryBytes: 4n * 1024n ** 3n,
    nics: [{ network: "networks/lan", kind: NicKind.VDPA, queuePairs: 4 }],
  },
  allocation: {
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    nics: [
      {
        kind: NicKind.VDPA,
        network: "networks/lan",
        pfPciAddress: "0000:82:00.0",
        vfIndex: 1,
        mac: "52:54:00:cb:45:11",
        address: "192.168.101.20/24",
        bridge: "cxbr0",
        queuePairs: 4,
      },
    ],
  },
});

const image = Image.fromPartial({
  name: "images/rocky9",
  spec: { source: "https://images.example/rocky9", sha256: "ab".repeat(32), format: "qcow2" },
  cachedHostCount: 2,
  failedHostCount: 1,
});

const badCopy = {
  host: "hosts/r740-01",
  state: ImageCopyState.FAILED,
  job: "jobs/j1",
  failure: {
    reason: "IMAGE_BACKING_FILE",
    message: "the image stands on another file",
    metadata: { found: "/etc/shadow" },
    step: "01-ensureImage",
  },
};

const job = (state: JobState): Job =>
  Job.fromPartial({
    name: "jobs/j1",
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    kind: JobKind.APPLY_HOST,
    subject: "plans/p1",
    state,
    ...(state === JobState.FAILED && {
      failure: {
        reason: "ESWITCH_BUSY",
        message: "0000:82:00.0 stays in legacy mode",
        metadata: { stderr: "Error: mlx5_core: Can't change mode.\nkernel answers: busy" },
        step: "02-ensureEswitchMode",
      },
    }),
  });

const EVENTS: readonly JobEvent[] = [
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 1n,
    body: { $case: "accepted", value: { bootId: "b" } },
  }),
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 2n,
    body: { $case: "stepStarted", value: { step: "01-ensureVfCount", title: "Create 2 VFs" } },
  }),
  JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 3n,
    body: {
      $case: "command",
      value: {
        step: "01-ensureVfCount",
        argv: ["vdpa", "dev", "show"],
        exitCode: 0,
        durationMs: 3,
      },
    },
  }),
];

const snapshotOf = (point: string, change: Partial<JobSnapshot> = {}) =>
  JobSnapshot.fromPartial({
    name: `jobs/j1/snapshots/${point}`,
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    point,
    ...change,
  });

const snapshotAnswers: Record<string, Handler> = {
  listJobSnapshots: () => ({
    snapshots: [
      snapshotOf("start", { changedItemCount: 90, takenAreas: ["a", "b", "c", "d", "e"] }),
      snapshotOf("step-1", {
        step: "01-ensureVfCount",
        changedItemCount: 3,
        takenAreas: ["functions", "links"],
        unreadAreas: [{ area: "ovs", message: "no answer" }],
        kernelLog: ["[ 1.0] mlx5_core: E-Switch"],
      }),
    ],
    missing: [{ point: "step-2", why: "put off" }],
    nextPageToken: "",
  }),
  getJobSnapshot: ({ name }: { name: string }) =>
    snapshotOf("end", { name, documentJson: '{"kind":"switchyard-snapshot","version":1}' }),
  diffJobSnapshots: ({ from, to }: { from: string; to: string }) => ({
    changes: from === to ? [] : CHANGES,
    incomparableAreas: [],
    from: snapshotOf("start", { name: from }),
    to: snapshotOf("end", { name: to }),
    kernelLog: from === to ? [] : ["[ 1.0] mlx5_core: \u001b[31mE-Switch"],
  }),
};

const CHANGES: readonly SnapshotChange[] = [
  { area: "functions", item: "0000:82:00.0", field: "vfCount", before: "0", after: "2" },
  { area: "bridges", item: "cxbr0", field: "", before: undefined, after: "isOurs true" },
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
  const fleet =
    options.fleet ?? Fleet.fromPartial({ name: "fleet", hostCounts: { ready: 1, lost: 1 } });
  let isMended = false;
  const ended = JobEvent.fromPartial({
    job: "jobs/j1",
    epoch: 1n,
    seq: 4n,
    body: { $case: "ended", value: { state: endState, result: { changedStepCount: 1 } } },
  });
  const unary: Record<string, Handler> = {
    listHosts: () => ({ hosts, nextPageToken: "" }),
    getFleet: () => fleet,
    unfreezeFleet: () => ({ ...fleet, freeze: undefined }),
    getHost: ({ name }: { name: string }) =>
      hosts.find((host) => host.name === name) ??
      refuse("NOT_FOUND", "HOST_NOT_FOUND", {
        message: `there is no host ${name}`,
        metadata: { found: name, try: "swy host list" },
      }),
    setDatapathMode: () => plan,
    updateHost: ({ host }: { host: Host }) => host,
    createPlan: () => ({ ...plan, disruption }),
    getPlan: () => plan,
    applyPlan: () => {
      isMended = true;
      return job(JobState.PENDING);
    },
    diagnoseHost: ({ name, symptom }: { name: string; symptom: string }) => ({
      ...reportOf(name, isMended),
      ...(symptom !== "" && { symptom: symptomOf(symptom) }),
    }),
    diagnoseController: () =>
      DiagnosisReport.fromPartial({
        subject: "controller",
        status: CheckStatus.PASS,
        results: [result("CTL-DATABASE", CheckStatus.PASS, { group: "controller" })],
      }),
    getHostOffload: ({ host }: { host: string }) => offloadOf(host),
    listHostOffloads: () => ({ hostOffloads: [offloadOf("hosts/r740-01")], nextPageToken: "" }),
    listChecks: () => ({
      checks: [Check.fromPartial({ id: "C10", group: "eswitch", title: "links are up" })],
    }),
    explainSymptom: ({ text }: { text: string }) => symptomOf(text),
    createProfile: ({ profile }: { profile: object }) => profile,
    createNetwork: ({ network }: { network: object }) => network,
    getNetwork: () => network,
    updateNetwork: ({ network: changed }: { network: object }) => changed,
    createImage: () => image,
    getImage: () => image,
    deleteImage: () => image,
    fetchImage: () => job(JobState.PENDING),
    listImages: () => ({ images: [image], nextPageToken: "" }),
    listImageCopies: () => ({ copies: [badCopy], nextPageToken: "" }),
    createVm: ({ validateOnly }: { validateOnly: boolean }) =>
      validateOnly ? { ...vm, placement: report } : vm,
    batchCreateVms: ({ vmIds }: { vmIds: string[] }) => ({
      vms: vmIds.slice(0, 2).map((id) => ({ ...vm, name: `vms/${id}` })),
      unplacedVmIds: vmIds.slice(2),
      unplacedReport: vmIds.length > 2 ? { ...report, host: "", fittingHostCount: 0 } : undefined,
    }),
    explainPlacement: () => report,
    getVm: () => vm,
    listVms: () => ({ vms: [vm], nextPageToken: "" }),
    deleteVm: () => vm,
    startVm: () => vm,
    stopVm: () => vm,
    rebootVm: () => vm,
    updateVm: () => vm,
    execInVm: ({ argv }: { argv: readonly string[] }) =>
      argv[0] === "false"
        ? { exitCode: 3, stdout: "", stderr: "no\n", truncated: false }
        : { exitCode: 0, stdout: "Filesystem\n", stderr: "", truncated: false },
    getJob: () => job(endState),
    ...snapshotAnswers,
    ...experimentAnswers,
    ...moveAnswers,
    ...telemetryAnswers,
    listJobEvents: () => ({ events: [...EVENTS, ended], nextPageToken: "" }),
    listEvents: () => ({ events: [] as Event[], nextPageToken: "" }),
  };
  const streams: Record<string, () => readonly unknown[]> = {
    watchJobEvents: () => [...EVENTS, ended],
    watchHosts: () => [
      { event: { $case: "change", value: { type: 1, host: hosts[0] } } },
      { event: { $case: "progress", value: { resumeToken: "t1", isSynced: true } } },
    ],
  };
  const requests: FakeController["requests"] = [];
  const server = new Server();
  const services = [
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
  for (const service of services) {
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

const isRefusal = (answer: object): answer is Partial<ServiceError> =>
  "metadata" in answer && answer.metadata instanceof Metadata;

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
