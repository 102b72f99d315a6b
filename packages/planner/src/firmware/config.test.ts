import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type ConfigValue,
  type FirmwareParameter,
  type PfFirmwareConfig,
  parsePciAddress,
} from "@switchyard/model";
import { diffFirmwareConfig } from "./config.ts";

const parameter = (
  name: string,
  current: string,
  nextBoot = current,
  isReadOnly = false,
): FirmwareParameter => ({
  name,
  default: "0" as ConfigValue,
  current: current as ConfigValue,
  nextBoot: nextBoot as ConfigValue,
  isReadOnly,
});
const pf = (...parameters: readonly FirmwareParameter[]): PfFirmwareConfig => ({
  pf: parsePciAddress("0000:82:00.0"),
  parameters,
});
const NOTHING = { toSet: {}, due: {}, unsupported: [] };
const IDLE = { vfCount: undefined };

describe("diffFirmwareConfig", () => {
  it("tells what is to be set from what only waits for a boot and from what is in force", () => {
    const observed = pf(
      parameter("UCTX_EN", "False(0)"),
      parameter("ATS_ENABLED", "False(0)", "True(1)"),
      parameter("CQE_COMPRESSION", "AGGRESSIVE(1)"),
    );
    const config = { UCTX_EN: "1", ATS_ENABLED: "True", CQE_COMPRESSION: "AGGRESSIVE" };
    assert.deepEqual(diffFirmwareConfig(observed, config, IDLE), {
      toSet: { UCTX_EN: "1" },
      due: { UCTX_EN: "1", ATS_ENABLED: "True" },
      unsupported: [],
    });
  });

  it("raises the ceiling of VFs to what the datapath or the profile needs, and never lowers it", () => {
    const observed = pf(parameter("SRIOV_EN", "True(1)"), parameter("NUM_OF_VFS", "8"));
    const setFor = (config: Record<string, string>, vfCount: number | undefined) =>
      diffFirmwareConfig(observed, config, { vfCount }).toSet;
    assert.deepEqual(setFor({}, 12), { NUM_OF_VFS: "12" });
    assert.deepEqual(setFor({ NUM_OF_VFS: "32" }, 12), { NUM_OF_VFS: "32" });
    assert.deepEqual(setFor({ NUM_OF_VFS: "4" }, 2), {});
    assert.deepEqual(setFor({ NUM_OF_VFS: "4" }, undefined), {});
    assert.deepEqual(setFor({}, 2), {});
  });

  it("sees a ceiling that was raised and is not in force yet", () => {
    const observed = pf(parameter("SRIOV_EN", "True(1)"), parameter("NUM_OF_VFS", "8", "16"));
    assert.deepEqual(diffFirmwareConfig(observed, {}, { vfCount: 12 }), {
      ...NOTHING,
      due: { NUM_OF_VFS: "16" },
    });
  });

  it("turns SR-IOV on for the PF that carries the datapath and for no other", () => {
    const observed = pf(parameter("SRIOV_EN", "False(0)"), parameter("NUM_OF_VFS", "16"));
    assert.deepEqual(diffFirmwareConfig(observed, {}, { vfCount: 2 }).toSet, { SRIOV_EN: "True" });
    assert.deepEqual(diffFirmwareConfig(observed, {}, IDLE), NOTHING);
  });

  it("names what the card does not know, and what it does not let be set", () => {
    const observed = pf(parameter("UEFI_HII_EN", "True(1)", "True(1)", true));
    const config = { LINK_TYPE_P1: "ETH", UEFI_HII_EN: "0" };
    assert.deepEqual(diffFirmwareConfig(observed, config, IDLE), {
      ...NOTHING,
      unsupported: [
        { name: "LINK_TYPE_P1", why: "unknown" },
        { name: "UEFI_HII_EN", why: "read-only" },
      ],
    });
    assert.deepEqual(diffFirmwareConfig(observed, { UEFI_HII_EN: "True" }, IDLE), NOTHING);
  });
});
