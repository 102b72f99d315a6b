import {
  HostState,
  type Job,
  Network,
  type Plan,
  type PlanGoal,
  PlanState,
  Profile,
  type SwitchyardClient,
  type Vm,
  Vm as VmMessage,
  waitForJob,
} from "@switchyard/client";
import { vdpaDatapath } from "@switchyard/dev/main-job";
import { waitFor } from "@switchyard/testkit";
import type { AgentProcess } from "./agents.ts";

/** Generous: the machine may be busy with other tests, and agents are killed meanwhile. */
const DEADLINE_MS = 180_000;
/** Reading a level over the API plans a host, on an inventory that is fresh. */
const POLL_MS = 200;
const GIB = 1024n ** 3n;
const NETWORK = "networks/lan";

/** The main job's verbs on one host. Those that hand in a job answer with its name. */
export interface HostWork {
  readonly agent: AgentProcess;
  /** Waits until the host has reported. */
  ready(): Promise<void>;
  /** Hands in the job that sets the host up, or takes down what was set up. */
  apply(goal: PlanGoal): Promise<string>;
  /** Waits until the host shows that nothing is left to do for the goal. */
  settled(goal: PlanGoal): Promise<void>;
  createVm(id: string): Promise<string>;
  /** Pings the host's own bridge address. */
  ping(vm: string): Promise<string>;
  deleteVm(vm: string): Promise<string>;
  ended(job: string): Promise<Job>;
}

/** The profile and network that all hosts share. */
export async function createIntent(client: SwitchyardClient): Promise<void> {
  await client.profiles.createProfile({
    profileId: "vdpa",
    profile: Profile.fromPartial({
      spec: {
        selector: { role: "vm-host" },
        datapath: vdpaDatapath({
          vfCount: 2,
          maxVqp: 16,
          bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.99" },
        }),
      },
    }),
  });
  await client.networks.createNetwork({
    networkId: "lan",
    network: Network.fromPartial({
      spec: {
        bridge: "cxbr0",
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.100", last: "192.168.101.200" },
        macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:ff" },
      },
    }),
  });
}

const vmOn = (agent: AgentProcess): Vm =>
  VmMessage.fromPartial({
    spec: {
      vcpuCount: 4,
      memoryBytes: 4n * GIB,
      boot: {
        $case: "disk",
        value: { path: "/var/lib/switchyard/images/rocky9.qcow2", format: "qcow2" },
      },
      network: NETWORK,
      hostSelector: { name: agent.sim.name },
      hasGuestAgent: true,
    },
  });

async function bridgeAddress(client: SwitchyardClient, host: string): Promise<string> {
  const { inventory } = await client.hosts.getHost({ name: host });
  const [address] = inventory?.ovs?.bridges.flatMap((bridge) => bridge.addresses) ?? [];
  if (address === undefined) throw new Error(`${host} shows no bridge address`);
  return address.split("/")[0]!; // split gives one part at least
}

export function createHostWork(client: SwitchyardClient, agent: AgentProcess): HostWork {
  const { host } = agent;
  const planned = async (
    goal: PlanGoal,
    state: PlanState,
    validateOnly: boolean,
  ): Promise<Plan> => {
    let last: Plan | undefined;
    return waitFor(
      async () => {
        last = await client.plans.createPlan({ host, goal, validateOnly });
        return last.state === state ? last : undefined;
      },
      {
        deadlineMs: DEADLINE_MS,
        pollMs: POLL_MS,
        describe: () => `plan of ${host} is ${describePlan(last)}`,
      },
    );
  };
  return {
    agent,
    ready: async () => {
      const isReady = async () => {
        const { state, inventory } = await client.hosts.getHost({ name: host });
        return state === HostState.READY && inventory !== undefined;
      };
      await waitFor(isReady, { deadlineMs: DEADLINE_MS, pollMs: POLL_MS });
    },
    apply: async (goal) => {
      const { name, etag } = await planned(goal, PlanState.READY, false);
      return (await client.plans.applyPlan({ name, etag })).name;
    },
    settled: async (goal) => void (await planned(goal, PlanState.EMPTY, true)),
    createVm: async (id) => (await client.vms.createVm({ vmId: id, vm: vmOn(agent) })).job,
    ping: async (vm) => {
      const target = await bridgeAddress(client, host);
      return (await client.vms.pingFromVm({ name: vm, target, count: 1 })).name;
    },
    deleteVm: async (vm) => (await client.vms.deleteVm({ name: vm })).job,
    ended: (job) => waitForJob(client, job, { timeoutMs: DEADLINE_MS }),
  };
}

const describePlan = (plan: Plan | undefined): string =>
  plan === undefined
    ? "not there"
    : `state ${plan.state} with ${plan.steps.length} steps: ${plan.findings.map(({ message }) => message).join("; ")}`;
