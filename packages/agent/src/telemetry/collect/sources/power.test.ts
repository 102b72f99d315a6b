import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import { ManualClock } from "@switchyard/runtime";
import type { Source } from "../source.ts";
import { raplSource } from "./power.ts";

const RANGE = 262_143_328_850;
const ENERGY = "/sys/class/powercap/intel-rapl:0/energy_uj";

function rapl() {
  const clock = new ManualClock(0);
  const host = createScriptedHost({
    files: {
      "/sys/class/powercap/intel-rapl:0/name": "package-0\n",
      "/sys/class/powercap/intel-rapl:0/max_energy_range_uj": `${RANGE}\n`,
      [ENERGY]: "0\n",
    },
  });
  const source: Source = raplSource();
  const at = async (seconds: number, microjoules: number) => {
    await clock.advance(seconds * 1000);
    host.files.set(ENERGY, `${microjoules}\n`);
    const values: Record<string, number | undefined> = {};
    await source.read({
      ...{ host, clock, inventory: {} as Inventory },
      add: (metric, object, value) => {
        values[`${metric} ${object}`] = value;
      },
      attempt: async (read) => await read(),
    });
    return values;
  };
  return { at };
}

describe("RAPL", () => {
  it("counts from the first reading on, and gives power from the second", async () => {
    const { at } = rapl();
    assert.deepEqual(await at(1, 5e9), { "cpu.package_energy package-0": 0 });
    assert.deepEqual(await at(2, 5.3e9), {
      "cpu.package_energy package-0": 300,
      "host.power rapl": 150,
    });
  });

  it("goes on over the place where the counter begins anew", async () => {
    const { at } = rapl();
    await at(1, RANGE - 50e6);
    const values = await at(1, 100e6);
    assert.equal(values["cpu.package_energy package-0"], 150);
    assert.equal(values["host.power rapl"], 150);
  });

  it("says nothing of a time in which the counter may have turned more than once", async () => {
    const { at } = rapl();
    await at(1, 1e9);
    const values = await at(3600, 2e9);
    assert.equal(values["host.power rapl"], undefined);
    assert.equal(values["cpu.package_energy package-0"], 0);
  });
});
