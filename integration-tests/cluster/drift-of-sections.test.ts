import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { type Host, JobState, PlanGoal, PlanState, Profile } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const NAME = "r740-01";
const HOST = `hosts/${NAME}`;
const PF = "0000:82:00.0";
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 200, telemetryMs: 3_600_000 };
const SEEN_MS = 30_000;

const PROFILE = Profile.fromPartial({
  spec: {
    selector: SIM_LABELS,
    system: {
      kernelArguments: ["intel_iommu=on", "iommu=pt", "pci=realloc"],
      packages: ["git"],
      modulesAtBoot: ["vhost_vdpa"],
    },
    virtualization: { libvirtUser: { user: "root", group: "kvm" } },
    datapath: vdpaDatapath({
      vfCount: 2,
      maxVqp: 16,
      bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
    }),
  },
});

/**
 * What a person does to the host, and how it shows: field, observed, applied. Firmware is not among them: its
 * configuration is read every ten minutes only.
 */
const CHANGES: readonly (readonly [command: string, ...shown: readonly string[]])[] = [
  [
    "grubby --update-kernel=ALL --remove-args=iommu",
    "system.boot_entries[iommu=pt]",
    "absent",
    "present",
  ],
  ["dnf -y remove git", "system.packages[git]", "absent", "present"],
  [
    "rm /etc/modules-load.d/switchyard.conf",
    "system.modules_at_boot[vhost_vdpa]",
    "absent",
    "present",
  ],
  ["> /etc/libvirt/qemu.conf", "libvirt.user", "default", "root"],
  ["ip link set eth0 down", `pf[${PF}].vf[0].representor`, "down", "up"],
];

describe("drift in every section of a profile", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });

  before(async () => {
    stack = await startStack({ hosts: 1, intervals: INTERVALS, log: silentLogger });
    await job().readyHost(HOST);
    await stack.client.profiles.createProfile({ profileId: "whole", profile: PROFILE });
    const { state } = await job().apply(await job().plan(HOST, PlanGoal.APPLY_PROFILE));
    assert.equal(state, JobState.SUCCEEDED);
  });
  after(() => stack.stop());

  const type = async (line: string) => {
    const host = stack.simHost(HOST);
    if (line.startsWith("> ")) return host.replaceFile(line.slice(2), "");
    if (line.startsWith("rm ")) return host.remove(line.slice(3));
    const { exitCode, stderr } = await host.run({ argv: line.split(" ") as [string] });
    return assert.equal(exitCode, 0, `${line}: ${stderr}`);
  };

  const hostWhen = async (isSo: (host: Host) => boolean): Promise<Host> => {
    let seen: Host | undefined;
    return waitFor(
      async () => {
        seen = await stack.client.hosts.getHost({ name: HOST });
        return isSo(seen) ? seen : undefined;
      },
      { deadlineMs: SEEN_MS, describe: () => JSON.stringify(seen?.drift) },
    );
  };

  for (const [command, field = "", observed, desired] of CHANGES) {
    it(`shows ${field} after ${command}, and since when`, async () => {
      const before = Date.now();
      await type(command);
      const { drift } = await hostWhen((host) => host.drift.some((each) => each.field === field));
      const entry = drift.find((each) => each.field === field);
      assert.deepEqual([entry?.observed, entry?.desired], [observed, desired]);
      const sinceMs = entry?.sinceTime?.getTime() ?? 0;
      assert.ok(sinceMs >= before && sinceMs <= Date.now());
    });
  }

  it("is gone once the profile is applied again", async () => {
    const plan = await job().plan(HOST, PlanGoal.APPLY_PROFILE);
    const { state, failure } = await job().apply(plan);
    assert.equal(state, JobState.SUCCEEDED, JSON.stringify(failure));
    await hostWhen((host) => host.drift.length === 0);
    assert.equal((await job().plan(HOST, PlanGoal.APPLY_PROFILE)).state, PlanState.EMPTY);
  });
});
