import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createMainJob, createReport, SIMULATED_TIMEOUTS } from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import {
  DriftPolicy,
  type Finding,
  type Host,
  JobState,
  PlanGoal,
  PlanState,
  Profile,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const HOST = "hosts/r740-01";
const PF = "0000:82:00.0";
/** The agent looks at its host by itself, as drift needs it. */
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 100, telemetryMs: 3_600_000 };

/** The host side of the seed procedure, as a person types it. */
const BY_HAND = [
  "modprobe vhost_vdpa",
  "modprobe mlx5_vdpa",
  `devlink dev eswitch set pci/${PF} mod switchdev`,
  `> /sys/bus/pci/devices/${PF}/mlx5_num_vfs 2`,
  "vdpa dev add name vdpa0 mgmtdev pci/0000:82:00.2 mac 52:54:00:cb:45:11 max_vqp 16",
  "vdpa dev add name vdpa1 mgmtdev pci/0000:82:00.3 mac 52:54:00:cb:45:22 max_vqp 16",
  "/usr/share/openvswitch/scripts/ovs-ctl start",
  "ovs-vsctl add-br cxbr0",
  "ovs-vsctl add-port cxbr0 enp130s0f0np0",
  "ovs-vsctl add-port cxbr0 eth0",
  "ovs-vsctl add-port cxbr0 eth1",
  "ip link set enp130s0f0np0 up",
  "ip link set eth0 up",
  "ip link set eth1 up",
  "ip link set cxbr0 up",
  "ip addr add 192.168.101.2/24 dev cxbr0",
  "ovs-vsctl set Open_vSwitch . other_config:hw-offload=true",
  "/usr/share/openvswitch/scripts/ovs-ctl restart",
];

/** No host tells what it was installed from. */
const isAboutFiles = ({ message }: Finding): boolean =>
  /leaves out (firmware versions|the driver)/.test(message);

describe("a host set up by hand", () => {
  let stack: Stack;
  const type = async (line: string) => {
    const host = stack.simHost(HOST);
    const [program = "", ...words] = line.split(" ");
    if (program === ">") return host.writeFile(words[0] ?? "", words[1] ?? "");
    const { exitCode, stderr } = await host.run({ argv: [program, ...words] });
    return assert.equal(exitCode, 0, `${line}: ${stderr}`);
  };
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const hostWhen = async (isSo: (host: Host) => boolean) => {
    let seen: Host | undefined;
    return waitFor(
      async () => {
        seen = await stack.client.hosts.getHost({ name: HOST });
        return isSo(seen) ? seen : undefined;
      },
      { deadlineMs: 30_000, describe: () => JSON.stringify(seen?.drift) },
    );
  };
  const isWired = (inventory: Host["inventory"]) =>
    inventory?.nics[0]?.pfs[0]?.vfs.every(({ vdpa }) => vdpa !== undefined) === true &&
    inventory.nics[0].pfs[0].vfCount === 2;
  const fieldsOf = ({ drift }: Host) => drift.map(({ field }) => field);

  before(async () => {
    stack = await startStack({ hosts: 1, intervals: INTERVALS, log: silentLogger });
    await job().readyHost(HOST);
    for (const line of BY_HAND) await type(line);
    const described = () => stack.client.profiles.describeHost({ host: HOST });
    await waitFor(
      async () => {
        const { spec, findings } = await described();
        return spec?.datapath?.hwOffload === true && findings.every(isAboutFiles);
      },
      { deadlineMs: 30_000 },
    );
  });
  after(() => stack.stop());

  it("is described by a profile under which there is nothing to do", async () => {
    const { spec, findings } = await stack.client.profiles.describeHost({ host: HOST });
    assert.deepEqual(
      findings.map(({ message }) => message),
      [
        "the profile of r740-01 leaves out firmware versions whose image nobody named",
        "the profile of r740-01 leaves out the driver MLNX_OFED_LINUX-24.04-0.7.0.0",
      ],
    );
    assert.deepEqual(spec?.system?.kernelArguments, ["intel_iommu=on", "iommu=pt", "pci=realloc"]);
    assert.deepEqual(spec?.virtualization, { qemuSource: undefined, libvirtUser: undefined });
    assert.equal(spec?.datapath?.vfCount, 2);
    assert.equal(spec?.datapath?.maxVqp, 16);
    assert.deepEqual(spec?.datapath?.bridge, {
      name: "cxbr0",
      addressRange: { first: "192.168.101.2", last: "192.168.101.2", prefixLength: 24 },
      isAdopted: true,
    });
    await stack.client.profiles.createProfile({
      profileId: "adopted",
      profile: Profile.fromPartial({ spec: spec ?? {} }),
    });
    const effects = stack.simHost(HOST).effects.length;
    const plan = await job().plan(HOST, PlanGoal.APPLY_PROFILE);
    assert.deepEqual([plan.state, plan.steps, plan.findings], [PlanState.EMPTY, [], []]);
    assert.equal((await job().apply(plan)).state, JobState.SUCCEEDED);
    assert.equal(stack.simHost(HOST).effects.length, effects, "nothing on the host was changed");
    const host = await hostWhen(({ appliedProfile }) => appliedProfile === "profiles/adopted");
    assert.deepEqual([host.drift, host.capacity?.slotCount], [[], 2]);
  });

  it("shows what somebody changed, with both values and since when, and leaves it", async () => {
    const before = Date.now();
    await type("ovs-vsctl del-port cxbr0 eth1");
    const { drift } = await hostWhen((host) => host.drift.length > 0);
    assert.deepEqual(
      drift.map(({ field, observed, desired }) => [field, observed, desired]),
      [["bridge[cxbr0].port[eth1]", "absent", "present"]],
    );
    const since = drift[0]?.sinceTime?.getTime() ?? 0;
    assert.ok(since >= before && since <= Date.now());
    await type("ovs-vsctl set Open_vSwitch . other_config:hw-offload=false");
    const later = await hostWhen((host) => host.drift.length > 1);
    assert.equal(later.drift[0]?.sinceTime?.getTime(), since, "what was known keeps its time");
    assert.deepEqual(fieldsOf(later), ["bridge[cxbr0].port[eth1]", "ovs.hw_offload"]);
  });

  it("forgets what was put back by hand", async () => {
    await type("ovs-vsctl set Open_vSwitch . other_config:hw-offload=true");
    await hostWhen((host) => fieldsOf(host).join() === "bridge[cxbr0].port[eth1]");
  });

  it("is brought back after a boot, whatever the policy", async () => {
    const profile = await stack.client.profiles.getProfile({ name: "profiles/adopted" });
    assert.equal(profile.spec?.driftPolicy, DriftPolicy.REPORT);
    await type("ovs-vsctl add-port cxbr0 eth1");
    await hostWhen((host) => host.drift.length === 0);
    const { bootId = "" } = (await hostWhen(() => true)).inventory ?? {};
    await stack.simHost(HOST).reboot("power cut");
    await hostWhen(
      ({ inventory, drift }) =>
        inventory?.bootId !== bootId && drift.length === 0 && isWired(inventory),
    );
    assert.equal((await job().plan(HOST, PlanGoal.APPLY_PROFILE)).state, PlanState.EMPTY);
  });

  it("is mended by itself where the profile says enforce", async () => {
    const profile = await stack.client.profiles.getProfile({ name: "profiles/adopted" });
    const spec = { ...profile.spec, driftPolicy: DriftPolicy.ENFORCE };
    await stack.client.profiles.updateProfile({
      profile: Profile.fromPartial({ ...profile, spec }),
    });
    const plan = await job().plan(HOST, PlanGoal.APPLY_PROFILE);
    assert.equal((await job().apply(plan)).state, JobState.SUCCEEDED);
    await type("ip link set eth0 down");
    await type("ovs-vsctl del-port cxbr0 eth0");
    await hostWhen((host) => host.drift.length > 0);
    const ports = async () => {
      const { stdout } = await stack
        .simHost(HOST)
        .run({ argv: ["ovs-vsctl", "list-ports", "cxbr0"] });
      return stdout.split("\n").filter(Boolean).sort();
    };
    await waitFor(async () => (await ports()).includes("eth0"), { deadlineMs: 30_000 });
    await hostWhen((host) => host.drift.length === 0);
    const { jobs } = await stack.client.jobs.listJobs({ host: HOST });
    const events = await stack.client.events.listEvents({});
    assert.ok(jobs.every(({ state }) => state === JobState.SUCCEEDED));
    assert.ok(events.events.some(({ actor }) => actor === "controller/drift"));
  });
});
