import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ImageSpec,
  type JobId,
  parseArtefactSource,
  parseImageId,
  parseMacAddress,
  parseNetworkId,
  parseSha256,
  parseVmId,
} from "@switchyard/model";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store } from "../store.ts";
import {
  groupOf,
  hostWithSlots,
  NETWORK,
  networkSpec,
  newJobId,
  PF,
  placementOf,
  startTestStore,
  type TestStore,
  uuid,
  vmSpec,
  write,
} from "../testing/test-store.ts";
import type { GroupOutcome, PlacementGroup, PlannedVm } from "./placement-store.ts";

let test: TestStore;
let store: Store;
let networkEtag = "";
before(async () => {
  test = await startTestStore();
  store = test.store;
  const network = await write(store, (tx) =>
    tx.networks.create({ id: NETWORK, spec: networkSpec("192.168.101.250") }),
  );
  networkEtag = network.etag;
});
after(() => test.stop());

let macs = 0;
const newHost = (name: string, count = 8): Promise<HostRecord> => {
  macs += 100;
  return hostWithSlots(store, { name, count, firstMac: macs });
};

const planned = (
  vm: string,
  host: HostRecord,
  change: Partial<PlannedVm> & { readonly vfIndex?: number } = {},
): PlannedVm => {
  const { vfIndex = 0, ...rest } = change;
  return {
    ...placementOf(vm, host.id, { vfIndex }),
    job: newJobId(),
    hostEtag: host.etag,
    bridges: ["br-blue"],
    networkEtags: { [NETWORK]: networkEtag },
    ...rest,
  };
};

const wordOf = (outcome: GroupOutcome): string =>
  outcome.kind === "stale"
    ? outcome.stale.map(({ why }) => why).join(" ")
    : outcome.kind === "failed"
      ? ((outcome.error as { reason?: string }).reason ?? String(outcome.error))
      : outcome.kind;

const placeOne = async (vm: PlannedVm, change: Partial<PlacementGroup> = {}): Promise<string> => {
  const [outcome] = await store.placement.place([groupOf([vm], change)]);
  assert.ok(outcome);
  return wordOf(outcome);
};

const leftOf = async (vm: string) =>
  (
    await test.query(
      `SELECT (SELECT count(*) FROM vms WHERE name = $1)::integer AS vms,
        (SELECT count(*) FROM mac_addresses WHERE owner = 'vms/' || $1)::integer AS macs,
        (SELECT count(*) FROM ip_addresses WHERE vm = $1)::integer AS ips,
        (SELECT count(*) FROM jobs WHERE subject = 'vms/' || $1)::integer AS jobs`,
      [vm],
    )
  )[0];

describe("placing groups of VMs", () => {
  it("gives records that are as the rows are, with the jobs that start them", async () => {
    const host = await newHost("rec-01");
    const vms = [planned("rec-a", host), planned("rec-b", host, { vfIndex: 1 })];
    const [outcome] = await store.placement.place([groupOf(vms)]);
    assert.ok(outcome?.kind === "placed");
    assert.deepEqual(outcome.answer, ["rec-a", "rec-b"]);
    for (const vm of outcome.vms) {
      assert.deepEqual(await store.reads.vms.get(vm.id), vm);
      assert.ok(vm.job);
    }
    assert.deepEqual(
      outcome.jobs.map(({ id, subject }) => [id, subject]),
      outcome.vms.map(({ id, job }) => [job, `vms/${id}`]),
    );
    for (const job of outcome.jobs) assert.deepEqual(await store.reads.jobs.get(job.id), job);
    const { allocated } = await store.reads.hosts.get(host.id);
    assert.deepEqual([allocated.slotCount, allocated.vcpuCount], [2, 4]);
  });

  it("places what it can of a batch, and tells of every other group why it is stale", async () => {
    const host = await newHost("mix-01");
    const busy = await newHost("mix-02");
    await write(store, (tx) =>
      tx.jobs.create({
        id: newJobId(),
        host: busy.id,
        spec: { kind: "apply-host" } as never,
        subject: undefined,
        ttlMs: 60_000,
      }),
    );
    const tight = { vcpuCount: 5, memoryBytes: 384 * 1024 ** 3 };
    const outcomes = await store.placement.place(
      [
        planned("mix-a", host, { capacity: tight }),
        planned("mix-b", host),
        planned("mix-c", host, { vfIndex: 99 }),
        planned("mix-d", host, { vfIndex: 1, capacity: tight }),
        planned("mix-e", host, { vfIndex: 2, capacity: tight }),
        planned("mix-f", host, { vfIndex: 3, hostEtag: "0" }),
        planned("mix-g", busy),
        planned("mix-h", host, { vfIndex: 4, networkEtags: { [NETWORK]: "0" } }),
        planned("mix-a", host, { vfIndex: 5 }),
      ].map((vm) => groupOf([vm])),
    );
    assert.deepEqual(outcomes.map(wordOf), [
      "placed",
      "slot-taken",
      "slot-unknown",
      "placed",
      "vcpu",
      "host-changed",
      "host-busy",
      "network-changed",
      "NAME_TAKEN",
    ]);
    assert.deepEqual(await leftOf("mix-e"), { vms: 0, macs: 0, ips: 0, jobs: 0 });
  });

  it("leaves an image that is on the host as it is, unless the VM's job can't bring it again", async () => {
    const host = await newHost("img-01");
    const image = parseImageId("placed");
    const spec: ImageSpec = {
      source: parseArtefactSource("https://images.example/placed.qcow2"),
      sha256: parseSha256("cd".repeat(32)),
      sizeBytesMax: 1024,
      format: "qcow2",
      virtualSizeBytesMax: 4096,
    };
    const [older, job] = [newJobId(), newJobId()];
    const set = (state: "fetching" | "cached" | "failed", by: JobId) =>
      write(store, (tx) => tx.images.setCopy({ image, host: host.id, state, job: by }));
    const copy = async () => {
      const page = { image, size: 1, after: undefined };
      return (await store.reads.images.listCopies(page)).items[0];
    };
    await write(store, (tx) => tx.images.create({ id: image, spec }));
    await set("fetching", older);
    await set("cached", older);
    const boot = { kind: "image", image } as const;
    assert.equal(
      await placeOne(planned("img-a", host, { job, spec: { ...vmSpec, boot } })),
      "placed",
    );
    assert.deepEqual([(await copy())?.state, (await copy())?.job], ["cached", job]);
    await set("cached", job);
    await set("failed", older);
    assert.equal((await copy())?.state, "cached");
    await set("failed", job);
    assert.equal((await copy())?.state, "failed");
  });

  it("counts huge pages and ordinary memory apart", async () => {
    const host = await newHost("huge-01");
    const GIB = 1024 ** 3;
    const sized = (name: string, vfIndex: number, hugepageBytes?: number) =>
      planned(name, host, {
        vfIndex,
        spec: { ...vmSpec, memoryBytes: 2 * GIB, ...(hugepageBytes && { hugepageBytes }) },
        capacity: { vcpuCount: 64, memoryBytes: 3 * GIB },
      });
    const outcomes = await store.placement.place([
      groupOf([sized("huge-a", 0)]),
      groupOf([sized("huge-b", 1, GIB)]),
      groupOf([sized("huge-c", 2, GIB)]),
    ]);
    assert.deepEqual(outcomes.map(wordOf), ["placed", "placed", "memory"]);
    assert.equal(await placeOne(sized("huge-d", 3, GIB)), "memory");
    assert.equal(await placeOne(sized("huge-e", 4, 2 * 1024 ** 2)), "placed");
    const { allocated } = await store.reads.hosts.get(host.id);
    assert.equal(allocated.memoryBytes, 2 * GIB);
    const [read] = await store.fleet.readHosts([host.id]);
    assert.deepEqual(
      read?.residents.map(({ hugepageBytes }) => hugepageBytes),
      [undefined, GIB, 2 * 1024 ** 2],
    );
  });

  it("does nothing of a group of which one VM can't be where it was planned", async () => {
    const host = await newHost("all-01");
    await placeOne(planned("all-0", host, { vfIndex: 3 }));
    const vms = [planned("all-1", host), planned("all-2", host, { vfIndex: 3 })];
    const [outcome] = await store.placement.place([groupOf(vms)]);
    assert.equal(outcome && wordOf(outcome), "slot-taken");
    assert.deepEqual(await leftOf("all-1"), { vms: 0, macs: 0, ips: 0, jobs: 0 });
    const free = await store.placement.place([groupOf(vms.slice(0, 1))]);
    assert.deepEqual(free.map(wordOf), ["placed"]);
  });

  it("takes back all of a dry run", async () => {
    const host = await newHost("dry-01");
    const [outcome] = await store.placement.place([groupOf([planned("dry-a", host)])], {
      isDryRun: true,
    });
    assert.equal(outcome?.kind, "placed");
    assert.deepEqual(await leftOf("dry-a"), { vms: 0, macs: 0, ips: 0, jobs: 0 });
  });

  it("answers a repeat as the first time, also beside it in one batch, and refuses another body", async () => {
    const host = await newHost("rep-01");
    const request = { method: "M", requestId: uuid(), bodyDigest: "a" };
    const ask = (vm: PlannedVm) => groupOf([vm], { request });
    const [first, twin] = await store.placement.place([
      ask(planned("rep-a", host)),
      ask(planned("rep-a", host)),
    ]);
    assert.equal(first?.kind, "placed");
    assert.equal(twin?.kind, "stale");
    const [again] = await store.placement.place([ask(planned("rep-a", host))]);
    assert.ok(again?.kind === "repeated");
    assert.deepEqual(again.answer, ["rep-a"]);
    const other = { ...request, bodyDigest: "b" };
    assert.equal(await placeOne(planned("rep-b", host), { request: other }), "REQUEST_ID_REUSED");
    const stale = { ...request, requestId: uuid() };
    assert.equal(await placeOne(planned("rep-c", host), { request: stale }), "slot-taken");
    const retried = planned("rep-c", host, { vfIndex: 1 });
    assert.equal(await placeOne(retried, { request: stale }), "placed");
  });

  it("gives MACs and addresses once, and what was freed again", async () => {
    const host = await newHost("pool-01");
    const mac = parseMacAddress("52:54:00:aa:00:77");
    const asking = (name: string, vfIndex: number) =>
      planned(name, host, { nics: [{ pf: PF, vfIndex, mac }] });
    const outcomes = await store.placement.place([
      groupOf([asking("pool-a", 0)]),
      groupOf([asking("pool-b", 1)]),
      groupOf([2, 3, 4, 5].map((vfIndex) => planned(`pool-${vfIndex}`, host, { vfIndex }))),
    ]);
    assert.deepEqual(outcomes.map(wordOf), ["placed", "MAC_TAKEN", "placed"]);
    const rows = await test.query(
      "SELECT count(*)::integer AS n, count(DISTINCT mac)::integer AS macs, count(DISTINCT address)::integer AS ips FROM allocation_nics",
    );
    assert.equal(rows[0]?.["n"], rows[0]?.["macs"]);
    assert.equal(rows[0]?.["n"], rows[0]?.["ips"]);
  });

  it("tells an exhausted pool of the groups that find it so, and gives the others theirs", async () => {
    const host = await newHost("few-01");
    const few = parseNetworkId("few");
    const spec = networkSpec("192.168.101.12");
    const { etag } = await write(store, (tx) =>
      tx.networks.create({ id: few, spec: { ...spec, bridge: "br-few" } }),
    );
    const onFew = (name: string, vfIndex: number) =>
      planned(name, host, {
        vfIndex,
        spec: { ...vmSpec, nics: vmSpec.nics.map((nic) => ({ ...nic, network: few })) },
        bridges: ["br-few"],
        networkEtags: { [few]: etag },
      });
    const outcomes = await store.placement.place(
      [0, 1, 2, 3].map((vfIndex) => groupOf([onFew(`few-${vfIndex}`, vfIndex)])),
    );
    assert.deepEqual(outcomes.map(wordOf), ["placed", "placed", "placed", "IP_POOL_EXHAUSTED"]);
  });

  it("places one VM of a name, whoever races, and leaves nothing of the others", async () => {
    const host = await newHost("race-01");
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map((vfIndex) => placeOne(planned("race", host, { vfIndex }))),
    );
    assert.deepEqual(outcomes.sort(), ["NAME_TAKEN", "NAME_TAKEN", "NAME_TAKEN", "placed"]);
    assert.deepEqual(await leftOf("race"), { vms: 1, macs: 1, ips: 1, jobs: 1 });
  });

  it("asks rules again with the VMs that are on the hosts by then", async () => {
    const host = await newHost("rule-01");
    const seen: string[][] = [];
    const rules = {
      members: [{ group: "web" }],
      refuse: (residents: ReadonlyMap<string, readonly { readonly vm: string }[]>) => {
        const vms = residents.get(host.id) ?? [];
        seen.push(vms.map(({ vm }) => vm));
        return vms.length > 0 ? [parseVmId("rule-b")] : [];
      },
    };
    assert.equal(await placeOne(planned("rule-a", host), { rules }), "placed");
    const second = planned("rule-b", host, { vfIndex: 1 });
    assert.equal(await placeOne(second, { rules }), "affinity");
    assert.deepEqual(seen, [[], ["rule-a"]]);
  });
});

describe("the fleet's log", () => {
  it("tells of hosts whose record changed, and of VMs, but not of hosts that a VM went to", async () => {
    const host = await newHost("log-01");
    const start = await store.fleet.changes.now();
    assert.equal(await placeOne(planned("log-a", host)), "placed");
    await write(store, (tx) =>
      tx.hosts.updateLabels({ id: host.id, etag: "", labels: { rack: "z" } }),
    );
    const { entries } = await store.fleet.changes.read(start, 100);
    assert.deepEqual(
      entries.map(({ kind, key }) => [kind, key]),
      [
        ["vms", "log-a"],
        ["hosts", "log-01"],
      ],
    );
    const watched = await store.changes.read(start, 100);
    const hosts = watched.entries.filter(({ kind }) => kind === "hosts");
    assert.equal(hosts.length, 2);
    for (const { record } of hosts) {
      assert.ok("allocated" in record && record.allocated.slotCount === 1);
    }
  });

  it("reads hosts with their slots, VMs and images", async () => {
    const host = await newHost("read-01", 2);
    assert.equal(await placeOne(planned("read-a", host, { vfIndex: 1 })), "placed");
    const [read] = await store.fleet.readHosts([host.id]);
    assert.equal(read?.host.id, host.id);
    assert.deepEqual(
      read.slots.map(({ vfIndex }) => vfIndex),
      [0, 1],
    );
    assert.deepEqual(
      read.residents.map(({ vm, slots }) => [vm, slots[0]?.vfIndex]),
      [["read-a", 1]],
    );
    const page = await store.fleet.listHosts({ after: undefined, size: 2 });
    assert.equal(page.length, 2);
  });
});
