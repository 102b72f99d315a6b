import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { FRESH_R740, ofedArchiveFile } from "@switchyard/hostsim";
import { JobState, PlanGoal, PlanState, Profile } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";

const HOST = "hosts/r740-01";
const ARCHIVE = "/srv/MLNX_OFED_LINUX-24.04-0.7.0.0-rhel9.4-x86_64.tgz";
const sha256 = createHash("sha256").update(ofedArchiveFile()).digest("hex");

describe("a host fresh from the installer", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack({
      hosts: 1,
      overrides: { "r740-01": FRESH_R740 },
      log: silentLogger,
    });
    await stack.simHost(HOST).replaceFile(ARCHIVE, ofedArchiveFile());
  });
  after(() => stack.stop());

  it("gets driver, QEMU, libvirt's user and datapath by one plan, and is then at its profile", async () => {
    const timeouts = SIMULATED_TIMEOUTS;
    const job = createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts,
    });
    await job.readyHost(HOST);
    await stack.client.profiles.createProfile({
      profileId: "fresh",
      profile: Profile.fromPartial({
        spec: {
          selector: SIM_LABELS,
          datapath: vdpaDatapath({
            vfCount: 2,
            maxVqp: 16,
            bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
          }),
          driver: {
            driver: {
              $case: "mlnxOfed",
              value: {
                version: "24.04-0.7.0.0",
                distribution: "rhel9.4",
                archive: { source: ARCHIVE, sha256 },
              },
            },
          },
          virtualization: { libvirtUser: { user: "root", group: "kvm" } },
        },
      }),
    });
    const plan = await job.plan(HOST, PlanGoal.APPLY_PROFILE);
    const kinds = plan.steps.map(({ kind }) => kind);
    for (const kind of ["ensureDriverInstalled", "ensureDriverLoaded", "ensureLibvirtUser"]) {
      assert.ok(kinds.includes(kind), `${kind} is planned`);
    }
    assert.equal((await job.apply(plan)).state, JobState.SUCCEEDED);
    const again = await job.plan(HOST, PlanGoal.APPLY_PROFILE);
    assert.deepEqual([again.state, again.steps], [PlanState.EMPTY, []]);
    const { inventory } = await stack.client.hosts.getHost({ name: HOST });
    const [nic] = inventory?.nics ?? [];
    assert.equal(nic?.driverInfo?.loadedVersion, "24.04-0.7.0");
    assert.equal(inventory?.virtualization?.libvirtUser?.user, "root");
    assert.deepEqual(inventory?.virtualization?.qemuLinkTarget, "/usr/libexec/qemu-kvm");
  });
});
