import { type SwitchyardClient, waitForJob } from "@switchyard/client";
import {
  Datapath,
  DatapathMode,
  type Host,
  HostKind,
  HostState,
  type Image,
  type Job,
  JobState,
  type Network,
  type Plan,
  type PlanGoal,
  Profile,
  type Vm,
} from "@switchyard/proto";
import type { Report } from "./report.ts";

/** Bounds on waiting, generous because a lab host runs under software emulation. */
export interface MainJobTimeouts {
  readonly hostReadyMs: number;
  readonly jobMs: number;
  readonly vmStartMs: number;
}

export const SIMULATED_TIMEOUTS: MainJobTimeouts = {
  hostReadyMs: 30_000,
  jobMs: 60_000,
  vmStartMs: 60_000,
};

/** The main job's verbs over the API, each reporting what it saw. */
export interface MainJob {
  /** Waits until the host has reported, and answers with it. */
  readyHost(host: string): Promise<Host>;
  createProfile(id: string, datapath: Datapath, selector: Record<string, string>): Promise<void>;
  plan(host: string, goal: PlanGoal): Promise<Plan>;
  /** Applies the plan and waits for its job to succeed. */
  apply(plan: Plan): Promise<Job>;
  createNetwork(id: string, network: Network): Promise<void>;
  /** Makes the image known and brings it to the hosts, side by side. */
  importImage(id: string, image: Image, hosts: readonly string[]): Promise<readonly Job[]>;
  createVm(id: string, vm: Vm): Promise<Vm>;
  /** Sends pings from inside the VM; answers with how many came back, of how many. */
  ping(
    vm: string,
    target: string,
  ): Promise<{ readonly received: number; readonly transmitted: number }>;
  deleteVm(vm: string): Promise<void>;
}

const PINGS = 3;

/** @param options.job prefix of request ids; one run uses each id once */
export function createMainJob(options: {
  readonly client: SwitchyardClient;
  readonly report: Report;
  readonly timeouts: MainJobTimeouts;
}): MainJob {
  const { client, report, timeouts } = options;
  const finished = async (job: string, timeoutMs: number): Promise<Job> => {
    const ended = await waitForJob(client, job, { timeoutMs });
    if (ended.state !== JobState.SUCCEEDED) report.say(describeFailure(ended));
    return ended;
  };
  return {
    readyHost: (host) => waitForHost(client, host, timeouts.hostReadyMs),
    createProfile: async (id, datapath, selector) => {
      await client.profiles.createProfile({
        profileId: id,
        profile: Profile.fromPartial({ spec: { selector, datapath } }),
      });
    },
    plan: (host, goal) => client.plans.createPlan({ host, goal }),
    apply: async (plan) => {
      const job = await client.plans.applyPlan({ name: plan.name, etag: plan.etag });
      return finished(job.name, timeouts.jobMs);
    },
    createNetwork: async (id, network) => {
      await client.networks.createNetwork({ networkId: id, network });
    },
    importImage: async (id, image, hosts) => {
      const { name } = await client.images.createImage({ imageId: id, image });
      const jobs = await Promise.all(hosts.map((host) => client.images.fetchImage({ name, host })));
      return Promise.all(jobs.map((job) => finished(job.name, timeouts.jobMs)));
    },
    createVm: async (id, vm) => {
      const created = await client.vms.createVm({ vmId: id, vm });
      await finished(created.job, timeouts.vmStartMs);
      return client.vms.getVm({ name: created.name });
    },
    ping: async (vm, target) => {
      const job = await client.vms.pingFromVm({ name: vm, target, count: PINGS });
      const ended = await finished(job.name, timeouts.jobMs);
      const ping = ended.result?.ping;
      return { received: ping?.receivedCount ?? 0, transmitted: ping?.transmittedCount ?? 0 };
    },
    deleteVm: async (vm) => {
      const deleted = await client.vms.deleteVm({ name: vm });
      const job = await finished(deleted.job, timeouts.vmStartMs);
      report.verify(job.state === JobState.SUCCEEDED, `${vm} deleted`);
    },
  };
}

async function waitForHost(
  client: SwitchyardClient,
  name: string,
  timeoutMs: number,
): Promise<Host> {
  const isReady = (host: Host | undefined) =>
    host?.name === name && host.state === HostState.READY && host.inventory !== undefined;
  for await (const { event } of client.hosts.watchHosts({}, { timeoutMs })) {
    if (event?.$case === "change" && isReady(event.value.host)) return event.value.host as Host;
  }
  throw new Error(`the watch of hosts ended before ${name} was ready`);
}

function describeFailure(job: Job): string {
  const { reason, message, metadata, step } = job.failure ?? {
    reason: "",
    message: "no failure",
    metadata: {},
    step: "",
  };
  const facts = Object.entries(metadata).map(([key, value]) => `${key}: ${value}`);
  return [`${job.name} ended as ${job.state} at ${step}: ${message} [${reason}]`, ...facts].join(
    "\n     ",
  );
}

export const kindWord = (kind: HostKind): string =>
  ({ [HostKind.REAL]: "real", [HostKind.LAB]: "lab", [HostKind.SIMULATED]: "simulated" })[
    kind as 1 | 2 | 3
  ] ?? "unknown";

/** A profile's datapath for the seed's set-up. */
export const vdpaDatapath = (options: {
  readonly vfCount: number;
  readonly maxVqp: number;
  readonly bridgeAddresses: { readonly first: string; readonly last: string };
}): Datapath =>
  Datapath.fromPartial({
    mode: DatapathMode.VDPA,
    uplink: { $case: "uplinkPort", value: 0 },
    vfCount: options.vfCount,
    maxVqp: options.maxVqp,
    bridge: { name: "cxbr0", addressRange: { ...options.bridgeAddresses, prefixLength: 24 } },
    hwOffload: true,
  });
