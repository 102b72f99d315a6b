import {
  assert,
  type HostId,
  type HostProfileSpec,
  type JobEvent,
  type JobEventBody,
  type JobId,
  type NetworkId,
  type NetworkSpec,
  PLAIN_PORT,
  parseHostId,
  parseIpv4Address,
  parseIpv4Cidr,
  parseJobId,
  parseMacAddress,
  parseNetworkId,
  parseVmId,
  type VmSpec,
} from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import {
  buildBareR740,
  pciAddress,
  slotMac,
  startPostgres,
  type TestPostgres,
} from "@switchyard/testkit";
import pg from "pg";
import { createStore } from "../create-store.ts";
import type { HostRecord } from "../hosts/host-record.ts";
import type { BatchedJobDraft } from "../jobs/dispatch.ts";
import type { JobEventBatch } from "../jobs/job-record.ts";
import type { PlacementGroup, PlannedVm, StalePlace } from "../placement/placement-store.ts";
import type { Store, Transaction } from "../store.ts";
import type { NicPlacement, VmPlacement, VmRecord } from "../vms/vm-queries.ts";
import { settleJobEnds } from "./settle-job-ends.ts";

/** A store on a cluster of its own, and a raw connection beside it. */
export interface TestStore {
  readonly store: Store;
  readonly url: string;
  readonly postgres: TestPostgres;
  /** Runs SQL outside the store. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** A connection of the caller's own; closed at the end. */
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

export const openStore = (url: string): Promise<Store> =>
  createStore({
    url,
    log: silentLogger,
    clock: systemClock,
    random: systemRandom,
    onJobsEnded: settleJobEnds,
  });

export async function startTestStore(): Promise<TestStore> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase("switchyard");
  const store = await openStore(url);
  const clients: pg.Client[] = [];
  const connect = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const query = async (text: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query(text, [...values]);
      return rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  return {
    store,
    url,
    postgres,
    query,
    connect,
    stop: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await store.close();
      await postgres.stop();
    },
  };
}

export const uuid = (): string => newUuid(systemClock, systemRandom);
export const newJobId = (): JobId => parseJobId(uuid());

export const write = <T>(store: Store, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  store.transaction({ actor: "users/ada", requestId: uuid() }, work);

/** An enrolled host, with labels `{ rack: "a" }`. */
export async function enrollHost(store: Store, name: string): Promise<HostRecord> {
  const host = parseHostId(name);
  const hash = uuid();
  await write(store, (tx) =>
    tx.hosts.createEnrollmentToken({
      host,
      hash,
      ttlMs: 60_000,
      labels: { rack: "a" },
      allowReenroll: true,
    }),
  );
  const draft = { host, tokenHash: hash, nkeyPublic: `U-${hash}`, agentVersion: "0.1.0", shard: 3 };
  const { host: record } = await write(store, (tx) => tx.hosts.enroll(draft));
  return record;
}

/** An enrolled host that reported an inventory. */
export async function readyHost(store: Store, name: string): Promise<HostRecord> {
  const host = await enrollHost(store, name);
  const outcome = await store.presence.recordInventory({
    host: host.id,
    hostEpoch: host.hostEpoch,
    session: "session-1",
    sessionStartAtMs: 1_000,
    version: 1,
    inventory: buildBareR740(),
  });
  if (outcome.kind !== "applied") throw new Error(`inventory was ${outcome.kind}`);
  return outcome.host;
}

export const PF = pciAddress("0000:82:00.0");

/** A ready host with slots whose MACs are unique by the host's number. */
export async function hostWithSlots(
  store: Store,
  options: { readonly name: string; readonly count: number; readonly firstMac: number },
): Promise<HostRecord> {
  const host = await readyHost(store, options.name);
  let next = options.firstMac;
  await write(store, (tx) =>
    tx.hosts.reserveSlots({
      host: host.id,
      pf: PF,
      slots: Array.from({ length: options.count }, (_, vfIndex) => ({
        vfIndex,
        fixedMac: undefined,
      })),
      proposeMac: () => {
        next += 1;
        return slotMac(next);
      },
    }),
  );
  return host;
}

export const NETWORK = parseNetworkId("blue");

export const networkSpec = (last: string): NetworkSpec => ({
  bridge: "br-blue",
  subnet: parseIpv4Cidr("192.168.101.0/24"),
  ipPool: {
    first: parseIpv4Address("192.168.101.10"),
    last: parseIpv4Address(last),
  },
  macPool: {
    first: parseMacAddress("52:54:00:aa:00:00"),
    last: parseMacAddress("52:54:00:aa:00:ff"),
  },
  ...PLAIN_PORT,
});

export const vmSpec: VmSpec = {
  vcpuCount: 2,
  memoryBytes: 1024 ** 3,
  boot: { kind: "disk", path: "/images/a.qcow2", format: "qcow2" },
  nics: [{ network: NETWORK, kind: "vdpa", queuePairs: 2 }],
  hostSelector: {},
  hasGuestAgent: true,
};

/** A VM with a vDPA NIC on each of the networks. */
export const specOn = (...networks: readonly NetworkId[]): VmSpec => ({
  ...vmSpec,
  nics: networks.map((network) => ({ network, kind: "vdpa", queuePairs: 2 })),
});

export const placementOf = (
  vm: string,
  host: HostId,
  change: Partial<VmPlacement & NicPlacement> = {},
): VmPlacement => {
  const { vfIndex = 0, mac, address, ...rest } = change;
  return {
    id: parseVmId(vm),
    spec: vmSpec,
    host,
    nics: [{ pf: PF, vfIndex, mac, address }],
    capacity: { vcpuCount: 80, memoryBytes: 384 * 1024 ** 3 },
    ...rest,
  };
};

/** What became of one VM that was to be placed. */
export type Placed =
  | { readonly kind: "placed"; readonly vm: VmRecord }
  | { readonly kind: "refused"; readonly why: StalePlace };

/** A VM's placement with what it goes by as that is now. */
async function plannedNow({ reads }: Store, placement: VmPlacement): Promise<PlannedVm> {
  const { etag: hostEtag } = await reads.hosts.get(placement.host);
  const ids = new Set(placement.spec.nics.map(({ network }) => network));
  const networks = await Promise.all([...ids].map((id) => reads.networks.get(id)));
  return {
    job: newJobId(),
    ...placement,
    hostEtag,
    bridges: networks.map(({ spec }) => spec.bridge),
    networkEtags: Object.fromEntries(networks.map(({ id, etag }) => [id, etag])),
  };
}

/** VMs that are placed together, with jobs that do nothing. */
export const groupOf = (
  vms: readonly PlannedVm[],
  change: Partial<PlacementGroup> = {},
): PlacementGroup => ({
  actor: "users/ada",
  requestId: uuid(),
  request: undefined,
  vms,
  rules: undefined,
  jobOf: (vm) => ({
    id: vm.job ?? newJobId(),
    host: vm.allocation.host,
    spec: { kind: "noop" },
    subject: `vms/${vm.id}`,
    ttlMs: 60_000,
  }),
  answerOf: (records) => records.map(({ id }) => id),
  ...change,
});

/** Places one VM on what is there now. @throws StoreError what its group fails with */
export async function place(store: Store, placement: VmPlacement): Promise<Placed> {
  const group = groupOf([await plannedNow(store, placement)]);
  const [outcome] = await store.placement.place([group]);
  if (outcome?.kind === "failed") throw outcome.error;
  if (outcome?.kind === "stale") return { kind: "refused", why: outcome.stale[0]!.why }; // of one VM
  assert(outcome !== undefined && outcome.kind === "placed", "a group without a request is new");
  return { kind: "placed", vm: outcome.vms[0]! }; // of one VM
}

export const profileSpec: HostProfileSpec = {
  selector: { rack: "a" },
  datapath: {
    mode: "vdpa",
    uplink: { kind: "port", port: 0 },
    vfCount: 4,
    maxVqp: 16,
    bridge: { name: "br-blue", addressRange: undefined },
    hwOffload: true,
  },
};

export const noopDraft = (
  host: HostId,
  change: Partial<BatchedJobDraft> = {},
): BatchedJobDraft => ({
  id: newJobId(),
  host,
  spec: { kind: "noop" },
  subject: undefined,
  ttlMs: 60_000,
  actor: "users/ada",
  request: undefined,
  ...change,
});

/** A no-op job that was made and not sent yet. */
export async function createNoop(store: Store, host: HostId): Promise<JobId> {
  const [creation] = await store.dispatch.createJobs([noopDraft(host)]);
  if (creation?.kind !== "created") throw new Error(`job was ${creation?.kind}`);
  return creation.job.id;
}

export const ACCEPTED: JobEventBody = { kind: "accepted", bootId: "boot-1" };
export const STARTED: JobEventBody = { kind: "step-started", step: "01-noop", title: "Nothing" };
export const FINISHED: JobEventBody = { kind: "step-finished", step: "01-noop", changed: false };
export const SUCCEEDED: JobEventBody = {
  kind: "ended",
  state: "succeeded",
  result: { changedSteps: 0, ping: undefined, leftState: undefined },
  failure: undefined,
};

/** Events of one job from `first` on. */
export function eventsOf(
  which: { readonly host: HostId; readonly job: JobId; readonly epoch?: number },
  first: number,
  bodies: readonly JobEventBody[],
): JobEventBatch {
  const { host, job, epoch = 1 } = which;
  const events = bodies.map(
    (body, index): JobEvent => ({ host, job, epoch, seq: first + index, atMs: 1_000, body }),
  );
  return { host, hostEpoch: 1, job, epoch, events };
}
