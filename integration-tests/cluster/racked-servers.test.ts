import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import {
  dellPackageFile,
  type MachineOverrides,
  ofedArchiveFile,
  type SimHost,
} from "@switchyard/hostsim";
import {
  FirmwareImageKind,
  type Job,
  JobState,
  PlanGoal,
  PlanState,
  Profile,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";

/** What is wrong with a server as it stands in the rack, and how one `plan apply` ends there. */
interface Server {
  readonly overrides?: MachineOverrides;
  /** Done to the host by hand before Switchyard looks at it. */
  readonly disturb?: readonly string[];
  readonly ends:
    | { readonly kind: "ready"; readonly boots: number }
    | { readonly kind: "blocked"; readonly reason: string }
    | { readonly kind: "failed"; readonly reason: string };
  /** What a profile that is written from it afterwards leaves out. */
  readonly remarks?: readonly string[];
}

const ready = (boots: number) => ({ kind: "ready", boots }) as const;
const blocked = (reason: string) => ({ kind: "blocked", reason }) as const;

const PF = "0000:82:00.0";
const UPLINK = "enp130s0f0np0";
const NUM_VFS = `/sys/bus/pci/devices/${PF}/sriov_numvfs`;
const BIOS_OFF = { ProcVirtualization: "Disabled", SriovGlobalEnable: "Disabled" };
const NO_ARGUMENTS = "ro rhgb quiet";

const SERVERS: Readonly<Record<string, Server>> = {
  "in order": { ends: ready(0) },
  "with old firmware": { overrides: { firmware: "22.27.61.06" }, ends: ready(1) },
  "with virtualization off in BIOS": {
    overrides: { biosAttributes: BIOS_OFF, isBmcConfigured: true },
    ends: ready(1),
  },
  "with virtualization off in BIOS, and no BMC to reach": {
    overrides: { biosAttributes: BIOS_OFF },
    ends: blocked("BIOS_NEEDS_BMC"),
  },
  "with a card that no image is for": {
    overrides: { firmware: "22.27.61.06", psid: "MT_0000000359" },
    ends: blocked("FIRMWARE_IMAGE_MISSING"),
  },
  "without kernel arguments": { overrides: { kernelArguments: NO_ARGUMENTS }, ends: ready(1) },
  "with admin MACs on its VFs": {
    disturb: [
      `> ${NUM_VFS} 2`,
      `ip link set ${UPLINK} vf 0 mac 00:11:22:33:44:00`,
      `ip link set ${UPLINK} vf 1 mac 00:11:22:33:44:01`,
    ],
    ends: ready(0),
  },
  "with legacy VFs bound to vfio-pci": {
    disturb: [
      `> ${NUM_VFS} 2`,
      "modprobe vfio-pci",
      "> /sys/bus/pci/devices/0000:82:00.2/driver_override vfio-pci",
      "> /sys/bus/pci/devices/0000:82:00.2/driver/unbind 0000:82:00.2",
      "> /sys/bus/pci/drivers_probe 0000:82:00.2",
    ],
    ends: ready(0),
  },
  "with ports of representors that are gone": {
    disturb: [
      "/usr/share/openvswitch/scripts/ovs-ctl start",
      "ovs-vsctl add-br cxbr0 -- set bridge cxbr0 external_ids:managed-by=switchyard",
      "ovs-vsctl add-port cxbr0 eth7",
      "ovs-vsctl add-port cxbr0 eth8",
    ],
    ends: ready(0),
  },
  "managed through the card": {
    overrides: { management: { netdev: UPLINK, cidr: "10.0.0.9/24", gateway: "10.0.0.1" } },
    ends: blocked("MANAGEMENT_PATH_AT_RISK"),
  },
  "without the vendor's driver, nor headers for its kernel": {
    overrides: { hasOfed: false, packages: { absent: ["kernel-devel"] } },
    ends: ready(0),
    remarks: [
      `the profile of r740-11 leaves out the configuration of ports that do not show it: ${PF}, 0000:82:00.1`,
    ],
  },
  "that boots what it always booted": {
    overrides: { kernelArguments: NO_ARGUMENTS, bootsFirstEntryAlways: true },
    ends: { kind: "failed", reason: "REBOOT_WITHOUT_EFFECT" },
  },
};

const FIRMWARE_FILE = "/srv/artefacts/Network_Firmware_80VVK_LN_22.39.10.02.BIN";
const FIRMWARE = dellPackageFile({ psid: "DEL0000000027", version: "22.39.10.02" });
const DRIVER_FILE = "/srv/artefacts/MLNX_OFED_LINUX-24.04-0.7.0.0-rhel9.4-x86_64.tgz";
const DRIVER = ofedArchiveFile({});
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Everything the seed procedure does by hand to a host before a VM runs. */
const PROFILE = Profile.fromPartial({
  spec: {
    selector: { role: "vm-host" },
    bios: { attributes: { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" } },
    system: {
      kernelArguments: ["intel_iommu=on", "iommu=pt", "pci=realloc"],
      modulesAtBoot: ["vhost_vdpa"],
    },
    firmware: {
      images: [
        {
          kind: FirmwareImageKind.DELL_DUP,
          artefact: { source: FIRMWARE_FILE, sha256: sha256(FIRMWARE) },
          psid: "DEL0000000027",
          version: "22.39.10.02",
        },
      ],
    },
    driver: {
      driver: {
        $case: "mlnxOfed",
        value: {
          version: "24.04-0.7.0.0",
          archive: { source: DRIVER_FILE, sha256: sha256(DRIVER) },
          distribution: "rhel9.4",
        },
      },
    },
    datapath: vdpaDatapath({
      vfCount: 2,
      maxVqp: 16,
      bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.99" },
    }),
  },
});

const names = Object.keys(SERVERS);
const hostName = (position: number) => `r740-${String(position + 1).padStart(2, "0")}`;
const serverAt = (position: number): Server =>
  SERVERS[names[position] ?? ""] ?? SERVERS["in order"]!; // one per name

async function type(host: SimHost, line: string): Promise<void> {
  const [program = "", ...words] = line.split(" ");
  if (program === ">") return host.writeFile(words[0] ?? "", words[1] ?? "");
  const { exitCode, stderr } = await host.run({ argv: [program, ...words] });
  // A port whose device is gone is what some of them are about.
  assert.ok(exitCode === 0 || line.includes("add-port"), `${line}: ${stderr}`);
}

const bootsOf = (host: SimHost): number =>
  host.effects.filter(({ source }) => source.kind === "machine" && source.what.startsWith("reboot"))
    .length;

describe("servers as they come, under one profile", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });

  before(async () => {
    const overrides = Object.fromEntries(
      names.map((_, position) => [hostName(position), serverAt(position).overrides ?? {}]),
    );
    stack = await startStack({ hosts: names.length, overrides, log: silentLogger });
    for (const position of names.keys()) {
      const host = stack.simHost(hostName(position));
      await host.replaceFile(FIRMWARE_FILE, FIRMWARE);
      await host.replaceFile(DRIVER_FILE, DRIVER);
      for (const line of serverAt(position).disturb ?? []) await type(host, line);
    }
    for (const host of stack.hostNames) await job().readyHost(host);
    await stack.client.profiles.createProfile({ profileId: "r740", profile: PROFILE });
  });
  after(() => stack.stop());

  /** A profile is written from the server as it is now, and there is nothing to do under it. */
  const describeAgain = async (position: number): Promise<void> => {
    const host = `hosts/${hostName(position)}`;
    const { hosts, profiles } = stack.client;
    const { spec, findings } = await profiles.describeHost({ host });
    assert.deepEqual(
      findings.map(({ message, found }) => `${message}: ${found}`),
      serverAt(position).remarks ?? [],
    );
    assert.deepEqual(spec?.driver, PROFILE.spec?.driver);
    assert.deepEqual(spec?.firmware?.images, PROFILE.spec?.firmware?.images);
    assert.deepEqual(spec?.system?.kernelArguments, PROFILE.spec?.system?.kernelArguments);
    const isBmcKnown = serverAt(position).overrides?.isBmcConfigured === true;
    assert.equal(spec?.bios?.attributes["SriovGlobalEnable"], isBmcKnown ? "Enabled" : undefined);
    const own = { described: hostName(position) };
    await profiles.createProfile({
      profileId: `of-${hostName(position)}`,
      profile: Profile.fromPartial({ spec: { ...spec, selector: own } }),
    });
    await hosts.updateHost({ host: { ...(await hosts.getHost({ name: host })), labels: own } });
    const plan = await job().plan(host, PlanGoal.APPLY_PROFILE);
    assert.deepEqual([plan.state, plan.steps.map(({ title }) => title)], [PlanState.EMPTY, []]);
  };

  for (const [position, name] of names.entries()) {
    const { ends } = serverAt(position);
    it(`one ${name} ends ${ends.kind}`, async () => {
      const host = `hosts/${hostName(position)}`;
      const plan = await job().plan(host, PlanGoal.APPLY_PROFILE);
      const reasons = plan.findings.map(({ reason, found }) => `${reason}: ${found}`).join("; ");
      if (ends.kind === "blocked") {
        assert.equal(plan.state, PlanState.BLOCKED, reasons);
        assert.ok(
          plan.findings.some(({ reason }) => reason === ends.reason),
          reasons,
        );
        return;
      }
      assert.equal(plan.state, PlanState.READY, reasons);
      const applied = await job().apply(plan);
      assert.equal(
        applied.failure?.reason,
        ends.kind === "failed" ? ends.reason : undefined,
        why(applied),
      );
      if (ends.kind === "failed") return;
      assert.equal(applied.state, JobState.SUCCEEDED, why(applied));
      assert.equal(bootsOf(stack.simHost(hostName(position))), ends.boots);
      const again = await job().plan(host, PlanGoal.APPLY_PROFILE);
      assert.deepEqual(
        again.steps.map(({ title }) => title),
        [],
      );
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      const vfs = inventory?.nics[0]?.pfs[0]?.vfs ?? [];
      assert.deepEqual(
        vfs.map(({ vdpa }) => vdpa?.vhostPath),
        ["/dev/vhost-vdpa-0", "/dev/vhost-vdpa-1"],
      );
      await describeAgain(position);
    });
  }
});

const why = ({ failure, result }: Job): string =>
  JSON.stringify({ failure, left: result?.leftState });
