import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { checkEffects, createLife, type Life, mortalHost } from "@switchyard/hostsim";
import type { RestoreReport } from "@switchyard/model";
import { seededRandom, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { hostReaders } from "../inventory/host-readers.ts";
import { type CrashPlace, type CrashPoint, formatCrashPlace } from "../jobs/crash-point.ts";
import { createFastClock } from "../testing/fast-clock.ts";
import {
  AGENT_VERSION,
  createTestbed,
  DATAPATH,
  endAllLives,
  HOST,
  SRIOV,
  type Testbed,
  TORN_DOWN,
  vmInSlot,
} from "../testing/testbed.ts";
import { restoreOnce } from "./restore-once.ts";

afterEach(endAllLives);

/** A host with the datapath applied, whose power was cut afterwards. */
async function bootedBed(desired = DATAPATH, bed = createTestbed()): Promise<Testbed> {
  const { agent } = await bed.start();
  await bed.runJob(await bed.applyHost(desired));
  await agent.stop();
  await bed.host.reboot("power cut");
  return bed;
}

const OFTEN = { intervals: { heartbeatMs: 3_600_000, inventoryMs: 20, telemetryMs: 3_600_000 } };

/** What the host does before its agent starts, and the unit without one. */
const once = (
  bed: Testbed,
  options: { readonly life?: Life; readonly crash?: CrashPoint } = {},
) => {
  const { life, crash } = options;
  const host = life === undefined ? bed.host : mortalHost(bed.host, life);
  const { clock } = bed;
  return restoreOnce(
    {
      ...{ host, storage: bed.disk.mount(life), clock, log: silentLogger, hostId: HOST },
      ...(crash !== undefined && { crash }),
      random: seededRandom(5),
      read: hostReaders({ host, clock, agentVersion: AGENT_VERSION, nicProfiles: [] }),
    },
    new AbortController().signal,
  );
};

const told = (bed: Testbed): RestoreReport | undefined =>
  bed.bus.inventories.at(-1)?.inventory.restore;

const vdpaAddFails = (times: number) =>
  ({
    match: { kind: "run", program: "vdpa", words: ["dev", "add"] },
    action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Device or resource busy" },
    times,
  }) as const;

describe("a host after a boot", () => {
  for (const [mode, desired] of Object.entries({ vdpa: DATAPATH, sriov: SRIOV })) {
    it(`gets its datapath back in mode ${mode} without bus and controller`, async () => {
      const bed = await bootedBed(desired);
      assert.notDeepEqual(await bed.rest(desired), []);
      const report = await once(bed);
      assert.deepEqual([report?.state, report?.bootId], ["restored", bed.host.bootId]);
      const changed = report?.changed ?? [];
      assert.ok(
        changed.some((title) => title.startsWith("Create 2 VFs")),
        changed.join("; "),
      );
      assert.deepEqual(await bed.rest(desired), []);
      assert.equal(await once(bed), undefined, "a second run has nothing to do");
    });
  }

  it("is told of once the agent has somebody to tell", async () => {
    const bed = await bootedBed();
    const report = await once(bed);
    bed.bus.isDown = true;
    await bed.start(OFTEN);
    bed.bus.isDown = false;
    await waitFor(() => told(bed) !== undefined, { describe: () => "no report" });
    assert.deepEqual(told(bed), report);
    assert.deepEqual(bed.bus.inventories.at(-1)?.inventory.findings, []);
  });

  it("runs jobs as before", async () => {
    const bed = await bootedBed();
    await once(bed);
    await bed.start();
    const { state, failure } = await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    assert.deepEqual([state, failure], ["succeeded", undefined]);
  });

  it("is left as it is where someone changed it in the same boot", async () => {
    const bed = await bootedBed();
    await once(bed);
    await bed.host.run({ argv: ["/usr/bin/ovs-vsctl", "del-port", "cxbr0", "enp130s0f0np0"] });
    const rest = await bed.rest();
    assert.notDeepEqual(rest, []);
    assert.equal(await once(bed), undefined);
    assert.deepEqual(await bed.rest(), rest);
  });

  it("stays bare where it was torn down before", async () => {
    const bed = await bootedBed();
    await once(bed);
    const { agent } = await bed.start();
    await bed.runJob(await bed.applyHost(TORN_DOWN));
    await agent.stop();
    await bed.host.reboot("power cut");
    assert.equal((await once(bed))?.state, "intact");
    assert.deepEqual(await bed.rest(TORN_DOWN), []);
  });

  it("gets it back once, wherever the process is killed", async () => {
    const places: string[] = [];
    // Three and the number of boundaries of a step have no divisor in common: each kind is met.
    for (let count = 1; ; count += 3) {
      const place = await killedAt(count);
      if (place === undefined) break;
      places.push(formatCrashPlace(place));
    }
    for (const phase of ["before-intent", "after-intent", "after-effect", "after-done"]) {
      assert.ok(
        places.some((place) => place.endsWith(phase)),
        `never killed ${phase}`,
      );
    }
  });

  it("takes a run that failed back and tries again", async () => {
    const bed = await bootedBed(DATAPATH, createTestbed({ clock: createFastClock(200) }));
    bed.host.faults.add(vdpaAddFails(1));
    const report = await once(bed);
    assert.deepEqual([report?.state, report?.runCount], ["restored", 2]);
    assert.deepEqual(await bed.rest(), []);
  });

  it("stops after three runs, says why, and is mended by a job", async () => {
    const bed = await bootedBed(DATAPATH, createTestbed({ clock: createFastClock(200) }));
    bed.host.faults.add(vdpaAddFails(3));
    const report = await once(bed);
    assert.deepEqual([report?.state, report?.runCount], ["failed", 3]);
    assert.match(report?.finding?.found ?? "", /every change was taken back/);
    await bed.start(OFTEN);
    await waitFor(() => told(bed)?.finding?.reason === "RESTORE_FAILED", {
      describe: () => JSON.stringify(told(bed)),
    });
    assert.equal((await bed.runJob(await bed.applyHost())).state, "succeeded");
    await waitFor(() => told(bed) === undefined, { describe: () => JSON.stringify(told(bed)) });
  });

  it("is left to the job that goes on by itself", async () => {
    const bed = createTestbed();
    const { life } = await bed.start({
      crash: {
        reach: async ({ step, phase }) => {
          if (step !== "ensureVfCount" || phase !== "after-effect") return;
          await bed.host.reboot("power cut");
          await new Promise(() => undefined);
        },
      },
    });
    const job = bed.newJob(await bed.applyHost());
    const { bootId } = bed.host;
    bed.bus.dispatch(job);
    await waitFor(() => bed.host.bootId !== bootId, { describe: () => "no boot" });
    life.kill();
    assert.equal(await once(bed), undefined);
    assert.notDeepEqual(await bed.rest(), []);
    await bed.start();
    assert.equal((await bed.ended(job.id)).state, "succeeded");
  });

  it("is not touched where nothing was applied", async () => {
    const bed = createTestbed();
    assert.equal(await once(bed), undefined);
  });

  it("is not touched where somebody made other VFs since the boot", async () => {
    const bed = await bootedBed();
    const path = "/sys/bus/pci/devices/0000:82:00.0/sriov_numvfs";
    await bed.host.writeFile(path, "4");
    const before = bed.host.effects.length;
    const report = await once(bed);
    assert.deepEqual([report?.state, report?.finding?.reason], ["refused", "RESTORE_UNSAFE"]);
    assert.equal(bed.host.effects.length, before);
  });
});

/** Kills the process at the n-th boundary of its restore; undefined when there is no n-th. */
async function killedAt(count: number): Promise<CrashPlace | undefined> {
  const bed = await bootedBed();
  const before = bed.host.effects.length;
  let reached = 0;
  let killedPlace: CrashPlace | undefined;
  const died = Promise.withResolvers<void>();
  const crash = {
    reach: async (place: CrashPlace) => {
      reached += 1;
      if (reached !== count) return;
      killedPlace = place;
      died.resolve();
      await new Promise(() => undefined);
    },
  };
  const life = createLife();
  const first = await Promise.race([once(bed, { life, crash }), died.promise]);
  life.kill();
  const report = killedPlace === undefined ? first : await once(bed);
  const what = killedPlace === undefined ? "not killed" : formatCrashPlace(killedPlace);
  const isOver = killedPlace?.phase === "after-end" && report?.state === "intact";
  assert.ok(report?.state === "restored" || isOver, `${what}: ${report?.state}`);
  assert.deepEqual(await bed.rest(), [], what);
  const { repeated } = checkEffects(bed.host.effects.slice(before));
  assert.deepEqual(
    repeated.filter(({ object }) => object !== "vswitchd"),
    [],
    what,
  );
  return killedPlace;
}
