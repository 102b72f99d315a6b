import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listIommuGroups, readIommu } from "./iommu.ts";

const TABLES = "/sys/firmware/acpi/tables";

describe("readIommu", () => {
  it("counts groups by type and names the units", async () => {
    const host = createScriptedHost({
      files: {
        [`${TABLES}/APIC`]: "",
        [`${TABLES}/DMAR`]: "",
        "/sys/kernel/iommu_groups/0/type": "identity\n",
        "/sys/kernel/iommu_groups/1/type": "identity\n",
        "/sys/kernel/iommu_groups/2/type": "DMA-FQ\n",
        "/sys/kernel/iommu_groups/3/devices/0000:00:00.0": "",
        "/sys/class/iommu/dmar0/name": "",
      },
    });
    assert.deepEqual(await readIommu(host), {
      isAdvertised: true,
      units: ["dmar0"],
      groupTypes: { identity: 2, "DMA-FQ": 1, unknown: 1 },
    });
    assert.equal((await listIommuGroups(host)).length, 4);
  });

  it("knows AMD's table, and a machine whose firmware offers none", async () => {
    const read = (table: string) =>
      readIommu(createScriptedHost({ files: { [`${TABLES}/${table}`]: "" } }));
    assert.equal((await read("IVRS")).isAdvertised, true);
    assert.deepEqual(await read("APIC"), { isAdvertised: false, units: [], groupTypes: {} });
  });

  it("does not say what firmware offers on a machine without ACPI", async () => {
    await assert.rejects(readIommu(createScriptedHost({})), { errno: "ENOENT" });
  });
});
