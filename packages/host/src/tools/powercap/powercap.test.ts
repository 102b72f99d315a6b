import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listRaplZones, raplIncrease } from "./powercap.ts";

const zone = (entry: string, name: string, energy: number, range: number) => ({
  [`/sys/class/powercap/${entry}/name`]: `${name}\n`,
  [`/sys/class/powercap/${entry}/energy_uj`]: `${energy}\n`,
  [`/sys/class/powercap/${entry}/max_energy_range_uj`]: `${range}\n`,
});

describe("listRaplZones", () => {
  it("reads packages and the memory at each, whatever order they are listed in", async () => {
    const host = createScriptedHost({
      files: {
        ...zone("intel-rapl:1", "package-1", 5e6, 262143328850),
        ...zone("intel-rapl:0:0", "dram", 1_500_000, 65712999613),
        ...zone("intel-rapl:0", "package-0", 2e6, 262143328850),
        ...zone("dtpm", "dtpm", 1, 1),
      },
    });
    assert.deepEqual(await listRaplZones(host), [
      { name: "package-0", joules: 2, rangeJoules: 262143.32885 },
      { name: "package-0/dram", joules: 1.5, rangeJoules: 65712.999613 },
      { name: "package-1", joules: 5, rangeJoules: 262143.32885 },
    ]);
  });

  it("finds none in a VM", async () => {
    assert.deepEqual(await listRaplZones(createScriptedHost({})), []);
  });
});

describe("raplIncrease", () => {
  it("goes on over the place where the counter begins anew", () => {
    const at = (joules: number) => ({ name: "package-0", joules, rangeJoules: 262143 });
    assert.equal(raplIncrease(at(10), at(15.5)), 5.5);
    assert.equal(raplIncrease(at(262140), at(7)), 10);
    assert.equal(raplIncrease(at(7), at(7)), 0);
  });
});
