import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { type CreateSimHostOptions, loadSnapshot } from "@switchyard/hostsim";
import {
  type HostDesired,
  type HostSnapshot,
  parseSnapshotDocument,
  type SnapshotDocument,
  type SnapshotFacts,
} from "@switchyard/model";
import { planHost, unfoldSeries } from "@switchyard/planner";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import { createTestbed, DATAPATH, endAllLives, HOST, SRIOV } from "../testing/testbed.ts";
import { readSeries } from "./series-folder.ts";

afterEach(endAllLives);

const documentOf = (snapshot: HostSnapshot): SnapshotDocument => ({
  ...{ kind: "switchyard-snapshot", version: 1, hostKind: "simulated", host: HOST, job: "j" },
  snapshot,
});

/** Through a file, as an export goes. */
const load = (snapshot: HostSnapshot) =>
  loadSnapshot(parseSnapshotDocument(JSON.stringify(documentOf(snapshot))), {
    random: seededRandom(5),
  });

async function snapshotsOf(
  desired: HostDesired,
  host: CreateSimHostOptions = {},
  prepare: readonly (readonly [string, ...string[]])[] = [],
): Promise<readonly HostSnapshot[]> {
  const testbed = createTestbed({ host });
  for (const argv of prepare) {
    const { exitCode, stderr } = await testbed.host.run({ argv });
    assert.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
  }
  await testbed.start();
  const job = testbed.newJob(await testbed.applyHost(desired));
  testbed.bus.dispatch(job);
  await testbed.ended(job.id);
  const series = await readSeries(testbed.host, { host: HOST, job: job.id });
  assert.ok(series !== undefined);
  return unfoldSeries(series);
}

const bond = { name: "bond0", mode: "802.3ad", ports: [{ kind: "port", port: 1 }] };
const BONDED = { ...DATAPATH, datapath: { ...DATAPATH.datapath, bond } } as HostDesired;

const CASES: readonly {
  readonly title: string;
  readonly desired: HostDesired;
  readonly host?: CreateSimHostOptions;
  readonly prepare?: readonly (readonly [string, ...string[]])[];
}[] = [
  { title: "brought to vDPA", desired: DATAPATH },
  { title: "brought to SR-IOV", desired: SRIOV },
  { title: "with a bond", desired: BONDED, host: { cabledPorts: [0, 1] } },
  {
    title: "with representors named backwards, old firmware and a fixed IOMMU",
    desired: DATAPATH,
    host: {
      overrides: {
        representorOrder: "descending",
        totalVfs: 8,
        dataQueues: 32,
        kernelArguments: "selinux=0",
        psid: "MT_0000000359",
      },
    },
  },
  {
    title: "set up by hand, with a stale port and an admin MAC",
    desired: DATAPATH,
    prepare: [
      ["ovs-ctl", "start"],
      ["ovs-vsctl", "add-br", "byhand"],
      ["ovs-vsctl", "add-port", "byhand", "gone0"],
      ["ovs-vsctl", "set", "Open_vSwitch", ".", "other_config:max-idle=30000"],
      ["ip", "link", "set", "eno2", "up"],
      ["ip", "link", "set", "eno2", "mtu", "9000"],
      ["ip", "link", "set", "eno2", "alias", "to=the store"],
    ],
  },
];

describe("loadSnapshot", () => {
  for (const { title, desired, host, prepare } of CASES) {
    it(`makes a host that is as every snapshot of a job says, on a host ${title}`, async () => {
      const snapshots = await snapshotsOf(desired, host, prepare);
      assert.ok(snapshots.length > 2);
      for (const snapshot of snapshots) {
        const { differences, assumed, host: loaded } = await load(snapshot);
        assert.deepEqual(differences, [], snapshot.point);
        assert.deepEqual(assumed, []);
        assert.equal(loaded.kind, "simulated");
      }
    });
  }

  it("makes a host on which the rest of the job is planned and done", async () => {
    const snapshots = await snapshotsOf(DATAPATH);
    const middle = snapshots.find(({ step }) => step?.endsWith("-ensureVfCount"));
    assert.ok(middle !== undefined);
    const { host } = await load(middle);
    const observe = () =>
      readInventory({ host, clock: systemClock, agentVersion: "t", nicProfiles: [] });
    const titles = planHost(DATAPATH, await observe()).steps.map(({ kind }) => kind);
    assert.ok(
      titles.includes("ensureVdpaDevice") && !titles.includes("ensureVfCount"),
      titles.join(" "),
    );
    const whole = await load(snapshots.at(-1) as HostSnapshot);
    const rest = planHost(
      DATAPATH,
      await readInventory({
        ...{ host: whole.host, clock: systemClock, agentVersion: "t", nicProfiles: [] },
      }),
    );
    assert.deepEqual(
      rest.steps.map(({ title }) => title),
      [],
    );
  });

  it("shows the kernel's lines of the snapshot", async () => {
    const [first] = await snapshotsOf(DATAPATH);
    const kernelLog = ["[    7.000000] mlx5_core 0000:82:00.0: it broke"];
    const { host } = await load({ ...(first as HostSnapshot), kernelLog });
    assert.match((await host.run({ argv: ["dmesg"] })).stdout, /it broke/);
  });

  it("names what the model can't express of a lab host, and drops nothing unsaid", async () => {
    const [first] = await snapshotsOf(DATAPATH);
    const facts: SnapshotFacts = {
      system: { kernel: { release: "6.1.0-18-amd64", arguments: ["console=ttyS0"] } },
      modules: { netdevsim: { isLoaded: true }, vp_vdpa: { isLoaded: true } },
      functions: {
        "0000:00:05.0": {
          ...{
            vendorId: "0x1af4",
            deviceId: "0x1041",
            driver: "vp-vdpa",
            numaNode: -1,
            netdevs: [],
          },
        },
      },
      eswitches: { "netdevsim/netdevsim1": { mode: "switchdev" } },
      vdpaDevices: { vdpa0: { mgmtdev: "pci/0000:00:05.0", maxVqs: 3 } },
      links: {
        eni1np1: {
          ...{ mac: "52:54:00:00:00:01", isUp: true, hasCarrier: true, mtu: 1500 },
          ...{ addresses: ["192.168.7.2/24"], switchId: "aa", portName: "p1" },
        },
      },
      domains: { "vm-one": { state: "running" } },
    };
    const { differences, assumed, host } = await load({ ...(first as HostSnapshot), facts });
    const named = new Set(differences.map(({ area, item }) => `${area} ${item}`));
    for (const expected of [
      "functions 0000:00:05.0",
      "eswitches netdevsim/netdevsim1",
      "domains vm-one",
    ]) {
      assert.ok(named.has(expected), `${expected} among ${[...named].join(", ")}`);
    }
    const links = differences.filter(({ item }) => item === "eni1np1").map(({ field }) => field);
    assert.ok(links.includes("switchId") && !links.includes("addresses"), links.join(" "));
    assert.ok(!named.has("system kernel") && !named.has("modules netdevsim"));
    assert.ok(assumed.includes("ovs"));
    assert.match(await host.readFile("/proc/sys/kernel/osrelease"), /6\.1\.0-18-amd64/);
  });

  it("refuses what is no snapshot", () => {
    for (const text of ["", "{}", "[]", '{"kind":"switchyard-snapshot","version":2}']) {
      assert.throws(() => parseSnapshotDocument(text), { reason: "SNAPSHOT_MALFORMED" });
    }
  });
});
