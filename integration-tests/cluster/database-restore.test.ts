import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createClient, type SwitchyardClient } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  type MainJob,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb } from "@switchyard/hostsim";
import { FreezeCause, JobState, Network, PlanGoal, Profile, Vm, VmState } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import {
  type DumpedPostgres,
  findPostgresPrograms,
  startDumpedPostgres,
} from "./support/dumped-postgres.ts";
import { importTestImage, TEST_IMAGE } from "./support/vms.ts";

const HOST = "hosts/r740-01";
const DEADLINE = { deadlineMs: 30_000 };
const INTERVALS = { heartbeatMs: 500, inventoryMs: 300, telemetryMs: 3_600_000, vmWatchMs: 200 };

const programs = await findPostgresPrograms();

const vmOf = (isAutostarted: boolean): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: 1n << 30n,
      boot: { $case: "image", value: { image: TEST_IMAGE.name } },
      network: "networks/lan",
      autostart: isAutostarted,
    },
  });

describe("a database that is restored from a copy", {
  skip: programs === undefined && "no Postgres 15 or newer of Debian's, whose pg_dump fits it",
}, () => {
  let postgres: DumpedPostgres;
  let stack: Stack;
  let client: SwitchyardClient;
  let job: MainJob;
  const connect = (address: string) => {
    client = createClient({ address, security: { kind: "insecure" } });
    const report = createReport(process.stderr);
    job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
  };
  const apply = async () => {
    const done = await job.apply(await job.plan(HOST, PlanGoal.APPLY_PROFILE));
    assert.equal(done.state, JobState.SUCCEEDED);
  };
  const stateOf = async (name: string) => (await client.vms.getVm({ name })).state;
  /** How often a QEMU of the VM was begun. */
  const startsOf = (vm: string): number =>
    stack.simHost(HOST).effects.filter(({ source }) => {
      if (source.kind !== "run") return false;
      return source.argv.includes("-name") && source.argv.some((word) => word.startsWith(vm));
    }).length;
  const freezeNow = async () => (await client.fleet.getFleet({})).freeze;
  let resumeToken: string;
  let pending: string;

  before(async () => {
    postgres = await startDumpedPostgres(programs ?? "");
    stack = await startStack({
      ...{ hosts: 1, intervals: INTERVALS, log: silentLogger },
      databaseUrl: postgres.databaseUrl,
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
    });
    connect(stack.address);
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.9" };
    const datapath = vdpaDatapath({ vfCount: 4, maxVqp: 16, bridgeAddresses });
    await client.profiles.createProfile({
      profileId: "r740",
      profile: Profile.fromPartial({ spec: { selector: SIM_LABELS, datapath } }),
    });
    await job.createNetwork(
      "lan",
      Network.fromPartial({
        spec: {
          bridge: "cxbr0",
          subnet: "192.168.101.0/24",
          ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
          macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
        },
      }),
    );
    await job.readyHost(HOST);
    await apply();
    await importTestImage(client);
    await job.createVm("goes", vmOf(true));
    // In flight while the copy is made.
    ({ job: pending } = await client.vms.createVm({ vmId: "stays", vm: vmOf(false) }));
    await postgres.dump();
    // And what the copy does not know.
    await waitFor(async () => (await stateOf("vms/stays")) === VmState.RUNNING, DEADLINE);
    await job.deleteVm("vms/goes");
    await job.createVm("stray", vmOf(false));
    await apply();
    for await (const { event } of client.hosts.watchHosts({})) {
      if (event?.$case !== "progress") continue;
      ({ resumeToken } = event.value);
      break;
    }
    await stack.controller.stop();
    await postgres.restore();
    connect((await stack.startController()).address);
  });
  after(async () => {
    client?.close();
    await stack?.stop();
    await postgres?.stop();
  });

  it("freezes the fleet, and says which VMs run that it does not know", async () => {
    const freeze = await waitFor(async () => {
      const found = await freezeNow();
      return found?.unreportedHosts.length === 0 ? found : undefined;
    }, DEADLINE);
    assert.equal(freeze.cause, FreezeCause.RESTORED);
    assert.deepEqual(freeze.strayVms, [{ vm: "vms/stray", host: HOST, recordedHost: "" }]);
  });

  it("hears of a job in flight what became of it, and lets nothing be done twice", async () => {
    const ended = await waitFor(async () => {
      const found = await client.jobs.getJob({ name: pending });
      return found.endTime === undefined ? undefined : found;
    }, DEADLINE);
    assert.equal(ended.state, JobState.SUCCEEDED);
    assert.equal(await stateOf("vms/stays"), VmState.RUNNING);
    assert.equal(startsOf("stays"), 1);
  });

  it("starts no VM meanwhile, neither by itself nor for a caller", async () => {
    await assert.rejects(client.vms.createVm({ vmId: "more", vm: vmOf(false) }), {
      reason: "FLEET_FROZEN",
    });
    assert.equal(startsOf("goes"), 1, "before the copy was made");
    await assert.rejects(client.fleet.unfreezeFleet({ reason: "looked at" }), {
      reason: "FLEET_UNSETTLED",
    });
  });

  it("tells watchers to list again", async () => {
    const resumed = async () => {
      for await (const _ of client.hosts.watchHosts({ resumeToken })) return;
    };
    await assert.rejects(resumed(), { reason: "RESUME_TOKEN_TOO_OLD" });
  });

  it("goes on once the stray VM is ended, with wishes that the host takes for newer", async () => {
    stack.simHost(HOST).killVm("stray");
    await waitFor(async () => (await freezeNow())?.strayVms.length === 0, DEADLINE);
    await client.fleet.unfreezeFleet({ reason: "looked at" });
    // Deleted after the copy was made, on record in it, and told to run whenever its host does.
    await waitFor(async () => (await stateOf("vms/goes")) === VmState.RUNNING, DEADLINE);
    await apply();
  });
});
