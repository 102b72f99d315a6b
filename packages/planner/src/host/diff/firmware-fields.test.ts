import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConfigValue, FirmwareSpec, HostDesired, NicFirmwareFacts } from "@switchyard/model";
import {
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildFirmwareFacts,
  buildFirmwareImage,
  buildHostDesired,
} from "@switchyard/testkit/builders";
import { diffHost } from "./diff-host.ts";

const NEW = "22.39.10.02";

const desired = (spec: Partial<FirmwareSpec>, vfCount = 2): HostDesired => ({
  ...buildHostDesired(buildDatapath({ vfCount })),
  firmware: { images: [], config: {}, allowsDowngrade: false, ...spec },
});

function firmwareFieldsOf(wish: HostDesired, version: string, facts?: NicFirmwareFacts) {
  const nic = { ...buildConnectX6(version), firmwareFacts: facts ?? buildFirmwareFacts() };
  return diffHost(wish, buildBareR740({ nics: [nic] }))
    .filter(({ field }) => field.includes("firmware"))
    .map(({ field, observed, desired: wanted }) => `${field}: ${observed} -> ${wanted}`);
}

describe("diffHost of firmware", () => {
  it("shows the card that runs another version than the newest image for it", () => {
    const wish = desired({ images: [buildFirmwareImage(NEW)] });
    assert.deepEqual(firmwareFieldsOf(wish, "22.27.61.06"), [
      "nic[0000:82:00.0].firmware: 22.27.61.06 -> 22.39.10.02",
    ]);
    assert.deepEqual(firmwareFieldsOf(wish, "22.41.10.00"), [
      "nic[0000:82:00.0].firmware: 22.41.10.00 -> 22.39.10.02",
    ]);
    assert.deepEqual(firmwareFieldsOf(wish, NEW), []);
  });

  it("shows parameters that are not in force, and those that a boot would take away", () => {
    const wish = desired({ config: { CQE_COMPRESSION: "1", UCTX_EN: "True" } }, 12);
    const facts = buildFirmwareFacts();
    const [first] = facts.config;
    const changed = (first?.parameters ?? []).map((parameter) =>
      parameter.name === "UCTX_EN"
        ? { ...parameter, nextBoot: "False(0)" as ConfigValue }
        : parameter,
    );
    const config = first === undefined ? [] : [{ ...first, parameters: changed }];
    assert.deepEqual(firmwareFieldsOf(wish, NEW, { ...facts, config }).sort(), [
      "pf[0000:82:00.0].firmware_config[CQE_COMPRESSION]: BALANCED(0) -> 1",
      "pf[0000:82:00.0].firmware_config[NUM_OF_VFS]: 8 -> 12",
      "pf[0000:82:00.0].firmware_config[UCTX_EN]: False(0) at the next boot -> True",
    ]);
  });
});
