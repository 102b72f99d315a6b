import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withLongNames } from "./profile-spec.ts";

describe("withLongNames", () => {
  it("lengthens what people write short, wherever it stands", () => {
    const spec = {
      bios: { attributes: {}, nicVirtualization: "sriov" },
      datapath: { mode: "sriov", vfDriver: "vfio-pci", vfCount: 2 },
      firmware: { images: [{ kind: "dell-dup", version: "22.39.10.02" }], config: {} },
    };
    assert.deepEqual(withLongNames(spec), {
      bios: { attributes: {}, nicVirtualization: "NIC_VIRTUALIZATION_SRIOV" },
      datapath: { mode: "DATAPATH_MODE_SRIOV", vfDriver: "VF_DRIVER_VFIO_PCI", vfCount: 2 },
      firmware: {
        images: [{ kind: "FIRMWARE_IMAGE_KIND_DELL_DUP", version: "22.39.10.02" }],
        config: {},
      },
    });
  });

  it("leaves long names and what is no section alone", () => {
    const spec = { datapath: null, firmware: { images: ["x"] }, selector: { a: "b" } };
    assert.deepEqual(withLongNames(spec), spec);
    const long = { firmware: { images: [{ kind: "FIRMWARE_IMAGE_KIND_BIN" }] } };
    assert.deepEqual(withLongNames(long), long);
  });
});
