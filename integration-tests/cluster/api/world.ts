import { type CommandAnswer, createHostKey, shardOf } from "@switchyard/bus";
import { createClient, type SwitchyardClient } from "@switchyard/client";
import {
  type Api,
  type ApiToken,
  createBrake,
  type JobAddress,
  settleEndedJobs,
  startApi,
} from "@switchyard/controller";
import {
  DispatchError,
  type HostId,
  type Inventory,
  type JobEventBody,
  type JobFailure,
  parseHostId,
  parseJobId,
} from "@switchyard/model";
import { planJob } from "@switchyard/planner";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type JobRecord, type Store } from "@switchyard/store";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import { applySteps } from "@switchyard/testkit/builders";

/** One controller's API on a database, with nothing behind it: jobs stay where the tests leave them. */
export interface TestController {
  readonly api: Api;
  readonly store: Store;
  readonly client: SwitchyardClient;
  connect(token?: string): SwitchyardClient;
  stop(): Promise<void>;
}

/** A database, one controller, and agents that exist only in what they report. */
export interface World extends TestController {
  /** Another controller of the same cluster. */
  startAnother(): Promise<TestController>;
  enrol(
    host: string,
    inventory: Inventory,
    labels?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** The host's agent reports this now. */
  report(host: string, inventory: Inventory): Promise<void>;
  inventoryOf(host: string): Promise<Inventory>;
  /** The host's agent does the job on a small model of its machine, and it succeeds. */
  doJob(name: string): Promise<JobRecord>;
  failJob(name: string, failure: JobFailure): Promise<JobRecord>;
  acceptJob(name: string): Promise<void>;
}

export const CLUSTER_KEY = "a cluster key of a test, long enough to be one";

/** What a world may be told. */
export interface WorldOptions {
  readonly tokens?: readonly ApiToken[];
  /** How the hosts' agents answer a diagnosis; left out, they do not. */
  readonly diagnose?: (host: HostId) => Promise<CommandAnswer>;
  /** What the hosts' agents have of a job; left out, they do not answer. */
  readonly snapshots?: (job: JobAddress) => Promise<CommandAnswer>;
}

const unreachable = (host: HostId): Promise<never> =>
  Promise.reject(new DispatchError("HOST_UNREACHABLE", `the agent of ${host} does not answer`));

async function startController(url: string, options: WorldOptions): Promise<TestController> {
  const { tokens = [] } = options;
  const common = { clock: systemClock, random: systemRandom, log: silentLogger };
  const store = await createStore({ ...common, url, onJobsEnded: settleEndedJobs });
  const api = await startApi({
    ...common,
    store,
    dispatch: {
      wake: () => undefined,
      send: () => undefined,
      hasRoom: () => true,
      cancel: () => undefined,
      inspect: () => undefined,
      diagnose: options.diagnose ?? unreachable,
      snapshots: options.snapshots ?? (({ host }) => unreachable(host)),
      openConsole: ({ host }) => unreachable(host),
      openExec: ({ host }) => unreachable(host),
      vmLog: ({ host }) => unreachable(host),
      freeze: ({ host }) => unreachable(host),
      thaw: ({ host }) => unreachable(host),
    },
    brake: createBrake({ bus: { isConnected: () => true }, clock: systemClock }),
    busAccess: { natsServers: ["127.0.0.1:4222"], shardOf, admit: async () => undefined },
    listen: { address: "127.0.0.1:0", tls: undefined, insecureLoopback: true },
    tokens,
    clusterKey: CLUSTER_KEY,
    healthChecks: [{ name: "postgres", check: () => store.ping() }],
  });
  const clients: SwitchyardClient[] = [];
  const connect = (token?: string): SwitchyardClient => {
    const client = createClient({
      address: api.address,
      security: { kind: "insecure" },
      ...(token === undefined ? {} : { token }),
    });
    clients.push(client);
    return client;
  };
  return {
    api,
    store,
    connect,
    client: connect(),
    stop: async () => {
      for (const client of clients) client.close();
      await api.stop();
      await store.close();
    },
  };
}

let sessions = 0;

/** An agent looks at its host after every job. */
const lookedAtNow = (inventory: Inventory): Inventory => ({
  ...inventory,
  observedAtMs: systemClock.nowMs(),
});

/** Starts a world on a Postgres of its own. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const postgres: TestPostgres = await startPostgres();
  const url = await postgres.createDatabase("api");
  const controller = await startController(url, options);
  const { client, store } = controller;
  const others: TestController[] = [];

  const report = async (host: string, inventory: Inventory): Promise<void> => {
    const { hostEpoch } = await store.reads.hosts.get(parseHostId(host));
    sessions += 1;
    const outcome = await store.presence.recordInventory({
      host: parseHostId(host),
      hostEpoch,
      session: `00000000-0000-7000-8000-${String(sessions).padStart(12, "0")}`,
      sessionStartAtMs: systemClock.nowMs() + sessions,
      version: 1,
      inventory,
    });
    if (outcome.kind !== "applied") throw new Error(`inventory of ${host} ${outcome.kind}`);
  };

  const inventoryOf = async (host: string): Promise<Inventory> => {
    const { inventory } = await store.reads.hosts.get(parseHostId(host));
    if (inventory === undefined) throw new Error(`${host} has not reported`);
    return inventory;
  };

  const send = async (job: JobRecord, bodies: readonly JobEventBody[]): Promise<void> => {
    const { host, id, epoch, hostEpoch } = job;
    const events = bodies.map((body, at) => ({
      host,
      job: id,
      epoch,
      seq: at + 1,
      atMs: systemClock.nowMs(),
      body,
    }));
    const [outcome] = await store.dispatch.applyEventBatches([
      { host, hostEpoch, job: id, epoch, events },
    ]);
    if (outcome?.kind !== "applied") throw new Error(`events of ${id}: ${outcome?.kind}`);
  };

  const jobOf = (name: string): Promise<JobRecord> =>
    store.reads.jobs.get(parseJobId(name.replace("jobs/", "")));

  const doJob = async (name: string): Promise<JobRecord> => {
    const job = await jobOf(name);
    const inventory = await inventoryOf(job.host);
    const { steps } = planJob(job.spec, inventory);
    const result = { changedSteps: steps.length, ping: undefined, leftState: undefined };
    await send(job, [
      { kind: "accepted", bootId: inventory.bootId },
      { kind: "planned", steps },
      ...steps.flatMap((step): readonly JobEventBody[] => [
        { kind: "step-started", step: step.id, title: step.title },
        { kind: "step-finished", step: step.id, changed: true },
      ]),
      { kind: "ended", state: "succeeded", result, failure: undefined },
    ]);
    await report(job.host, lookedAtNow(applySteps(inventory, steps)));
    return jobOf(name);
  };

  // One after the other: what two jobs of one host leave would else be reported in any order.
  let doing: Promise<unknown> = Promise.resolve();

  return {
    ...controller,
    startAnother: async () => {
      const other = await startController(url, options);
      others.push(other);
      return other;
    },
    enrol: async (host, inventory, labels = {}) => {
      const { token } = await client.enrollment.createEnrollmentToken({
        host: `hosts/${host}`,
        labels: { ...labels },
      });
      await client.enrollment.enroll({
        host: `hosts/${host}`,
        token,
        nkeyPublic: createHostKey().nkeyPublic,
        agentVersion: "0.1.0",
      });
      await report(host, inventory);
    },
    report,
    inventoryOf,
    doJob: (name) => {
      const job = doing.then(() => doJob(name));
      doing = job.catch(() => undefined);
      return job;
    },
    failJob: async (name, failure) => {
      const job = await jobOf(name);
      const result = { changedSteps: 0, ping: undefined, leftState: "as before" };
      await send(job, [
        { kind: "accepted", bootId: "boot" },
        { kind: "ended", state: "failed", result, failure },
      ]);
      await report(job.host, lookedAtNow(await inventoryOf(job.host)));
      return jobOf(name);
    },
    acceptJob: async (name) => send(await jobOf(name), [{ kind: "accepted", bootId: "boot" }]),
    stop: async () => {
      for (const other of others) await other.stop();
      await controller.stop();
      await postgres.stop();
    },
  };
}
