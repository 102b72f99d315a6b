import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listLinks } from "@switchyard/host";
import { createSimHost, type SimHost } from "@switchyard/hostsim";
import { parsePciAddress } from "@switchyard/model";
import { bondsOf } from "../../inventory/bonds.ts";
import {
  type BenchStep,
  benchStep,
  createStepBench,
  FAILING_STEP,
} from "../../testing/step-bench.ts";

const PORTS = ["0000:82:00.0", "0000:82:00.1"].map(parsePciAddress);
const NETDEVS = ["enp130s0f0np0", "enp130s0f1np1"];
const ENSURE = benchStep("ensureBond", { bond: "bond0", mode: "802.3ad", ports: PORTS });
const REMOVE = benchStep("ensureNoBond", { bond: "bond0" });

const bondsAt = async (host: SimHost) => bondsOf(await listLinks(host));
const made = async (host: SimHost): Promise<SimHost> => {
  assert.equal((await createStepBench(host).run([ENSURE])).ended.state, "succeeded");
  return host;
};

const CASES: readonly (readonly [
  name: string,
  step: BenchStep,
  prepare: () => Promise<SimHost>,
  ports: readonly string[] | undefined,
])[] = [
  ["ensureBond", ENSURE, async () => createSimHost(), NETDEVS],
  ["ensureNoBond", REMOVE, () => made(createSimHost()), undefined],
];

for (const [name, step, prepare, ports] of CASES) {
  describe(name, () => {
    it("succeeds, and the second time changes nothing", async () => {
      const host = await prepare();
      const bench = createStepBench(host);
      assert.equal((await bench.run([step])).ended.state, "succeeded");
      assert.deepEqual((await bondsAt(host))[0]?.ports, ports);
      const effects = host.effects.length;
      assert.equal((await bench.run([step])).ended.state, "succeeded");
      assert.equal(host.effects.length, effects);
    });

    it("is taken back when a later step fails, also when the job is killed while it undoes", async () => {
      for (const killAt of [undefined, { step: step.kind, phase: "after-undo" }] as const) {
        const host = await prepare();
        const before = await bondsAt(host);
        const options = killAt === undefined ? {} : { killAt };
        const { ended } = await createStepBench(host).run([step, FAILING_STEP], options);
        assert.equal(ended.state, "failed");
        assert.deepEqual(
          (await bondsAt(host)).map(({ mode, ports: own }) => [mode, own]),
          before.map(({ mode, ports: own }) => [mode, own]),
        );
      }
    });

    it("is done once when the job is killed right after it", async () => {
      const host = await prepare();
      const killAt = { step: step.kind, phase: "after-effect" } as const;
      assert.equal((await createStepBench(host).run([step], { killAt })).ended.state, "succeeded");
      assert.deepEqual((await bondsAt(host))[0]?.ports, ports);
    });
  });
}

describe("ensureBond", () => {
  it("finishes a bond that was interrupted half made, and takes a port out that is too many", async () => {
    const host = createSimHost();
    const first = PORTS.slice(0, 1);
    await createStepBench(host).run([
      benchStep("ensureBond", { bond: "bond0", mode: "802.3ad", ports: first }),
    ]);
    await made(host);
    assert.deepEqual((await bondsAt(host))[0]?.ports, NETDEVS);
    await createStepBench(host).run([
      benchStep("ensureBond", { bond: "bond0", mode: "active-backup", ports: first }),
    ]);
    const [bond] = await bondsAt(host);
    assert.deepEqual([bond?.mode, bond?.ports], ["active-backup", NETDEVS.slice(0, 1)]);
  });

  it("leaves a bond alone that others made", async () => {
    const host = createSimHost();
    await host.run({ argv: ["ip", "link", "add", "name", "bond0", "type", "bond"] });
    for (const step of [ENSURE, REMOVE]) {
      const { ended } = await createStepBench(host).run([step]);
      assert.equal(ended.failure?.reason, "BOND_UNFIT");
    }
    assert.deepEqual((await bondsAt(host))[0]?.ports, []);
  });
});
