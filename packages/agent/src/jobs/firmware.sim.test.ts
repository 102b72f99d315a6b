import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, describe, it } from "node:test";
import {
  createSimWeb,
  dellPackageFile,
  type Effect,
  type MachineOverrides,
  type SimImage,
} from "@switchyard/hostsim";
import {
  type FirmwareImage,
  type FirmwareSpec,
  type HostDesired,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseFirmwareVersion,
  parsePsid,
  parseSha256,
} from "@switchyard/model";
import { createTestbed, DATAPATH, endAllLives, type Testbed } from "../testing/testbed.ts";

afterEach(endAllLives);

const SERVER = "https://files.example";
const PSID = "DEL0000000027";
const NEW: SimImage = { psid: PSID, version: "22.39.10.02" };
const STONE: SimImage = { psid: PSID, version: "22.31.10.14" };
const OLD = { firmware: "22.27.61.06" };

const urlOf = ({ version }: SimImage): string => `${SERVER}/${version}.BIN`;

function imageOf(image: SimImage): FirmwareImage {
  const sum = createHash("sha256").update(dellPackageFile(image)).digest("hex");
  return {
    kind: "dell-dup",
    artefact: {
      source: parseArtefactSource(urlOf(image)),
      sha256: parseSha256(sum),
      sizeBytesMax: LIMITS_OF_ARTEFACTS.firmwareBytesMax,
    },
    psid: parsePsid(image.psid),
    version: parseFirmwareVersion(image.version),
    requiresVersion:
      image.requires === undefined ? undefined : parseFirmwareVersion(image.requires),
  };
}

/** A host that can download `images`, with an agent that comes back after each boot. */
async function bedWith(images: readonly SimImage[], overrides: MachineOverrides) {
  const served = images.map((image) => [urlOf(image), dellPackageFile(image)]);
  const web = createSimWeb(Object.fromEntries(served));
  const bed = createTestbed({ host: { overrides, web } });
  bed.host.subscribeReboots(() => void bed.start());
  await bed.start();
  return { bed, web };
}

const desiredWith = (spec: Partial<FirmwareSpec>, vfCount = 2): HostDesired => ({
  ...DATAPATH,
  firmware: { images: [], config: {}, allowsDowngrade: false, ...spec },
  datapath: DATAPATH.datapath && { ...DATAPATH.datapath, vfCount },
});

const run = async (bed: Testbed, desired: HostDesired) => bed.runJob(await bed.applyHost(desired));

const isBoot = ({ source }: Effect): boolean =>
  source.kind === "machine" && source.what.startsWith("reboot");
const bootsOf = ({ host }: Testbed): number => host.effects.filter(isBoot).length;
const burnsOf = ({ host }: Testbed) =>
  host.effects.flatMap(({ changed }) =>
    changed.flatMap(({ object, after }) => (object === "flash" ? [after] : [])),
  );

describe("a profile with firmware in it", () => {
  it("brings a host with old firmware to a datapath in one job", async () => {
    const { bed, web } = await bedWith([NEW], OLD);
    web.disturb(urlOf(NEW), { kind: "truncate", afterBytes: 40 });
    const desired = desiredWith({ images: [imageOf(NEW)] });
    const { state, failure } = await run(bed, desired);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.deepEqual(burnsOf(bed), ["22.39.1002"]);
    assert.equal(bootsOf(bed), 1);
    assert.deepEqual(await bed.rest(desired), []);
  });

  it("resets the card instead of booting the host where the profile allows it", async () => {
    const { bed } = await bedWith([NEW], OLD);
    const config = { CQE_COMPRESSION: "AGGRESSIVE" };
    const desired = desiredWith({ images: [imageOf(NEW)], config, allowsCardReset: true }, 8);
    const { state, failure } = await run(bed, desired);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.deepEqual(burnsOf(bed), ["22.39.1002"]);
    assert.equal(bootsOf(bed), 0);
    assert.deepEqual(await bed.rest(desired), []);
  });

  it("boots on each stepping stone", async () => {
    const last = { ...NEW, requires: STONE.version };
    const { bed } = await bedWith([STONE, last], OLD);
    const desired = desiredWith({ images: [imageOf(last), imageOf(STONE)] });
    const { state, failure } = await run(bed, desired);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.deepEqual(burnsOf(bed), ["22.31.1014", "22.39.1002"]);
    assert.equal(bootsOf(bed), 2);
    assert.deepEqual(await bed.rest(desired), []);
  });

  it("stops after a warm boot that left the old firmware running, and then plans a cold one", async () => {
    const { bed } = await bedWith([NEW], { ...OLD, firmwareWaitsForColdCycle: true });
    const desired = desiredWith({ images: [imageOf(NEW)] });
    const { state, failure } = await run(bed, desired);
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "REBOOT_WITHOUT_EFFECT");
    assert.match(failure?.metadata["found"] ?? "", /the card kept its power/);
    assert.equal(bootsOf(bed), 1);
    const [boot] = await bed.rest(desired);
    assert.match(boot ?? "", /^Power-cycle the host: firmware 22\.39\.10\.02/);
  });

  it("plans a cold cycle at once where the card itself says that it needs one", async () => {
    const { bed } = await bedWith([NEW], { ...OLD, firmwareWaitsForColdCycle: true });
    bed.host.storeFirmware(parseFirmwareVersion(NEW.version));
    const [boot] = await bed.rest(desiredWith({ images: [imageOf(NEW)] }));
    assert.match(boot ?? "", /^Power-cycle the host: firmware 22\.39\.10\.02/);
  });

  it("writes nothing when the file is not for the card, whatever the profile calls it", async () => {
    const wrong = { ...NEW, psid: "DEL0000000004" };
    const { bed } = await bedWith([wrong], OLD);
    const image = { ...imageOf(wrong), psid: parsePsid(PSID) };
    const { state, failure, result } = await run(bed, desiredWith({ images: [image] }));
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "FIRMWARE_IMAGE_UNSUITABLE");
    assert.match(failure?.metadata["found"] ?? "", /not compatible with any of the devices/);
    assert.match(result.leftState ?? "", /^Still in effect: Download firmware [^;]*$/);
    assert.deepEqual(burnsOf(bed), []);
    assert.equal(bootsOf(bed), 0);
  });

  it("turns SR-IOV on, raises the ceiling, boots and makes the VFs", async () => {
    const { bed } = await bedWith([], { isSriovEnabled: false, totalVfs: 4 });
    const desired = desiredWith({ config: { CQE_COMPRESSION: "AGGRESSIVE" } }, 8);
    const { state, failure } = await run(bed, desired);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.equal(bootsOf(bed), 1);
    assert.deepEqual(await bed.rest(desired), []);
    const path = "/sys/bus/pci/devices/0000:82:00.0/sriov_totalvfs";
    assert.equal(await bed.host.readFile(path), "8\n");
  });
});
