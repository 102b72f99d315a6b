import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listTemperatures } from "./hwmon.ts";

const HOST = createScriptedHost({
  files: {
    "/sys/class/hwmon/hwmon0/name": "mlx5\n",
    "/sys/class/hwmon/hwmon0/temp1_input": "61000\n",
    "/sys/class/hwmon/hwmon0/temp1_crit": "105000\n",
    "/sys/class/hwmon/hwmon0/temp1_label": "asic\n",
    "/sys/class/hwmon/hwmon0/temp1_highest": "70000\n",
    "/sys/class/hwmon/hwmon0/temp2_input": "N/A\n",
    "/sys/class/hwmon/hwmon1/name": "coretemp\n",
    "/sys/class/hwmon/hwmon1/temp1_input": "-5500\n",
    "/sys/class/hwmon/hwmon2/name": "acpitz\n",
    "/sys/class/hwmon/hwmon2/temp1_input": "20000\n",
  },
  links: { "/sys/class/hwmon/hwmon0/device": "../../../0000:82:00.0" },
});

describe("listTemperatures", () => {
  it("reads degrees, where a part protects itself, and which device it is", async () => {
    assert.deepEqual(await listTemperatures(HOST, (chip) => chip !== "acpitz"), [
      {
        chip: "mlx5",
        device: "0000:82:00.0",
        label: "asic",
        celsius: 61,
        criticalCelsius: 105,
      },
      {
        chip: "coretemp",
        device: undefined,
        label: "temp1",
        celsius: -5.5,
        criticalCelsius: undefined,
      },
    ]);
  });

  it("finds none where the kernel has none", async () => {
    assert.deepEqual(await listTemperatures(createScriptedHost({}), () => true), []);
  });
});
