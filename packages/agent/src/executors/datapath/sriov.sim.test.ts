import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bindPciDriver,
  readPciDriver,
  readPciDriverOverride,
  readVfPortSettings,
} from "@switchyard/host";
import { createSimHost, type SimHost } from "@switchyard/hostsim";
import { findPf, parseMacAddress, parsePciAddress } from "@switchyard/model";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import {
  type BenchStep,
  benchStep,
  createStepBench,
  FAILING_STEP,
} from "../../testing/step-bench.ts";

const PF = parsePciAddress("0000:82:00.0");
const VF = parsePciAddress("0000:82:00.2");
const NUM_VFS = `/sys/bus/pci/devices/${PF}/sriov_numvfs`;
const MAC = parseMacAddress("52:54:00:cb:00:01");
const PORT = { vlan: 40, isSpoofChecked: true, maxTxMbps: 1000 };
const REF = { pf: PF, index: 0 };

/** A host in legacy mode with two VFs and the vfio modules. */
async function hostWithVfs(): Promise<SimHost> {
  const host = createSimHost({ name: "r740-01", random: seededRandom(5) });
  await host.writeFile(NUM_VFS, "2");
  await host.run({ argv: ["modprobe", "vfio-pci"] });
  await host.run({ argv: ["modprobe", "mlx5_vfio_pci"] });
  return host;
}

const inventoryOf = (host: SimHost) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

/** What the steps of SR-IOV mode change, in one value. */
async function stateOf(host: SimHost) {
  const pf = findPf(await inventoryOf(host), PF)?.pf;
  const vf = pf?.vfs[0];
  return {
    isClaimed: pf?.isClaimed,
    mac: vf?.adminMac,
    driver: await readPciDriver(host, VF),
    override: await readPciDriverOverride(host, VF),
    port: await readVfPortSettings(host, { netdev: pf?.link.netdev ?? "", index: 0 }),
  };
}

const STEPS: readonly (readonly [name: string, step: BenchStep, after: object])[] = [
  ["ensurePfClaim", benchStep("ensurePfClaim", { pf: PF, isClaimed: true }), { isClaimed: true }],
  ["ensureVfAdminMac", benchStep("ensureVfAdminMac", { vf: REF, mac: MAC }), { mac: MAC }],
  [
    "ensureVfDriver with vfio-pci",
    benchStep("ensureVfDriver", { vf: REF, driver: "vfio-pci" }),
    { driver: "vfio-pci", override: "vfio-pci" },
  ],
  [
    "ensureVfDriver with mlx5_vfio_pci",
    benchStep("ensureVfDriver", { vf: REF, driver: "mlx5_vfio_pci" }),
    { driver: "mlx5_vfio_pci", override: "mlx5_vfio_pci" },
  ],
  [
    "ensureVfPortSettings",
    benchStep("ensureVfPortSettings", { vf: REF, settings: PORT }),
    { port: PORT },
  ],
];

for (const [name, step, after] of STEPS) {
  describe(name, () => {
    it("succeeds, and the second time changes nothing", async () => {
      const host = await hostWithVfs();
      const before = await stateOf(host);
      const bench = createStepBench(host);
      assert.equal((await bench.run([step])).ended.state, "succeeded");
      assert.deepEqual(await stateOf(host), { ...before, ...after });
      const effects = host.effects.length;
      assert.equal((await bench.run([step])).ended.state, "succeeded");
      assert.equal(host.effects.length, effects);
    });

    it("is taken back when a later step fails, also when the job is killed while it undoes", async () => {
      for (const killAt of [undefined, { step: step.kind, phase: "after-undo" }] as const) {
        const host = await hostWithVfs();
        const before = await stateOf(host);
        const { ended } = await createStepBench(host).run(
          [step, FAILING_STEP],
          killAt === undefined ? {} : { killAt },
        );
        assert.equal(ended.state, "failed");
        assert.deepEqual(await stateOf(host), before);
      }
    });

    it("is done once when the job is killed right after it", async () => {
      const host = await hostWithVfs();
      const before = await stateOf(host);
      const killAt = { step: step.kind, phase: "after-effect" } as const;
      const { ended } = await createStepBench(host).run([step], { killAt });
      assert.equal(ended.state, "succeeded");
      assert.deepEqual(await stateOf(host), { ...before, ...after });
    });
  });
}

describe("ensurePfClaim", () => {
  it("takes the mark away, and puts it back when a later step fails", async () => {
    const host = await hostWithVfs();
    const bench = createStepBench(host);
    await bench.run([benchStep("ensurePfClaim", { pf: PF, isClaimed: true })]);
    const release = benchStep("ensurePfClaim", { pf: PF, isClaimed: false });
    assert.equal((await bench.run([release, FAILING_STEP])).ended.state, "failed");
    assert.equal((await stateOf(host)).isClaimed, true);
    assert.equal((await bench.run([release])).ended.state, "succeeded");
    assert.equal((await stateOf(host)).isClaimed, false);
  });
});

describe("ensureVfAdminMac", () => {
  it("gives a VF back the MAC that somebody had set before", async () => {
    const host = await hostWithVfs();
    const other = "52:54:00:aa:bb:01";
    await host.run({
      argv: ["ip", "link", "set", "dev", "enp130s0f0np0", "vf", "0", "mac", other],
    });
    const step = benchStep("ensureVfAdminMac", { vf: REF, mac: MAC });
    assert.equal((await createStepBench(host).run([step, FAILING_STEP])).ended.state, "failed");
    assert.equal((await stateOf(host)).mac, other);
  });
});

describe("ensureVfDriver", () => {
  it("returns a VF from one vfio driver to the other that it had", async () => {
    const host = await hostWithVfs();
    await bindPciDriver(host, VF, "mlx5_vfio_pci");
    const step = benchStep("ensureVfDriver", { vf: REF, driver: "vfio-pci" });
    assert.equal((await createStepBench(host).run([step, FAILING_STEP])).ended.state, "failed");
    const { driver, override } = await stateOf(host);
    assert.deepEqual([driver, override], ["mlx5_vfio_pci", "mlx5_vfio_pci"]);
  });

  it("fails with the module's name where the driver is not loaded", async () => {
    const host = createSimHost({ name: "r740-01", random: seededRandom(5) });
    await host.writeFile(NUM_VFS, "2");
    const step = benchStep("ensureVfDriver", { vf: REF, driver: "vfio-pci" });
    const { ended } = await createStepBench(host).run([step]);
    assert.equal(ended.failure?.reason, "MODULE_MISSING");
    assert.equal((await stateOf(host)).driver, "mlx5_core");
  });
});
