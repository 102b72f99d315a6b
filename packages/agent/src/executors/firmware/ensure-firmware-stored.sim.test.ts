import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import {
  archiveFile,
  createSimHost,
  dellPackageFile,
  flashImageFile,
  type MachineOverrides,
  type SimImage,
} from "@switchyard/hostsim";
import {
  artefactPath,
  type FirmwareImage,
  parseArtefactSource,
  parseFirmwareVersion,
  parsePciAddress,
  parsePsid,
  parseSha256,
  type StepArguments,
} from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";

const PF = parsePciAddress("0000:82:00.0");
const NEW: SimImage = { psid: "DEL0000000027", version: "22.39.10.02" };
const OLD_FIRMWARE = "22.27.61.06";
/** Half an hour, after which a burn is given up, in 180 ms. */
const VERY_FAST = 10_000;
/** A burn of a minute in 300 ms. */
const FAST = 200;
const MINUTE_MS = 60_000;

const FILES = {
  "dell-dup": dellPackageFile,
  bin: flashImageFile,
  "mlxfwmanager-archive": (image: SimImage) => archiveFile([image]),
} as const;

type Kind = FirmwareImage["kind"];

/** A machine whose store holds `image`, and a step that burns what the plan takes it for. */
function bed(
  kind: Kind,
  options: {
    readonly image?: SimImage;
    readonly planned?: SimImage;
    readonly isForced?: boolean;
    readonly overrides?: MachineOverrides;
    readonly factor?: number;
  } = {},
) {
  const { image = NEW, planned = NEW, isForced = false } = options;
  const text = FILES[kind](image);
  const sha256 = parseSha256(createHash("sha256").update(text).digest("hex"));
  const overrides = { firmware: OLD_FIRMWARE, ...options.overrides };
  const clock = createFastClock(options.factor ?? VERY_FAST);
  const path = artefactPath(sha256);
  const host = createSimHost({ clock, overrides, files: { [path]: text } });
  const args: StepArguments["ensureFirmwareStored"] = {
    pf: PF,
    devlinkHandle: `pci/${PF}`,
    image: {
      kind,
      artefact: { source: parseArtefactSource("/fw/nic"), sha256, sizeBytesMax: 1 },
      psid: parsePsid(planned.psid),
      version: parseFirmwareVersion(planned.version),
      requiresVersion: undefined,
    },
    tools: kind === "dell-dup" ? undefined : "mft",
    isForced,
  };
  const bench = createStepBench(host, clock);
  const step = benchStep("ensureFirmwareStored", args, false);
  const burns = () => host.effects.flatMap(({ changed }) => changed).filter(isBurn);
  return { host, bench, step, burns, path, firmware: host.machine.firmware };
}

const isBurn = ({ object }: { readonly object: string }): boolean => object === "flash";

describe("ensureFirmwareStored", () => {
  for (const kind of Object.keys(FILES) as readonly Kind[]) {
    it(`stores a ${kind} once, while the old firmware goes on running`, async () => {
      const { bench, step, firmware, burns } = bed(kind);
      const first = await bench.run([step]);
      assert.equal(first.ended.state, "succeeded");
      assert.equal(first.ended.result.changedSteps, 1);
      assert.deepEqual([firmware.running, firmware.stored], ["22.27.6106", "22.39.1002"]);
      assert.equal((await bench.run([step])).ended.result.changedSteps, 0);
      assert.equal(burns().length, 1);
    });

    it(`writes nothing of a ${kind} that is made for another PSID than the plan says`, async () => {
      const other = { ...NEW, psid: "MT_0000000359" };
      const { bench, step, burns } = bed(kind, { image: other });
      const { ended } = await bench.run([step]);
      const reason = kind === "bin" ? "PSID_MISMATCH" : "FIRMWARE_IMAGE_UNSUITABLE";
      assert.equal(ended.failure?.reason, reason);
      assert.deepEqual(burns(), []);
    });

    it(`writes nothing of a ${kind} into a card with another PSID`, async () => {
      const { bench, step, burns } = bed(kind, { overrides: { psid: "DEL0000000004" } });
      const { ended } = await bench.run([step]);
      assert.equal(ended.state, "failed");
      assert.notEqual(ended.failure?.reason, undefined);
      assert.deepEqual(burns(), []);
    });

    it(`is not taken back, which the job says, with a ${kind}`, async () => {
      const { bench, step, firmware } = bed(kind);
      const { ended } = await bench.run([step, FAILING_STEP]);
      assert.equal(ended.state, "failed");
      assert.match(ended.result.leftState ?? "", /^Still in effect: ensureFirmwareStored/);
      assert.equal(firmware.stored, "22.39.1002");
    });
  }

  it("knows a file that changed after it was verified", async () => {
    const { bench, step, host, path, burns } = bed("bin");
    await host.replaceFile(path, `${await host.readFile(path)}!`);
    assert.equal((await bench.run([step])).ended.failure?.reason, "ARTEFACT_CHECKSUM_WRONG");
    await host.remove(path);
    assert.equal((await bench.run([step])).ended.failure?.reason, "ARTEFACT_UNAVAILABLE");
    assert.deepEqual(burns(), []);
  });

  it("writes nothing of an image with another version than the plan says", async () => {
    for (const kind of ["bin", "mlxfwmanager-archive"] as const) {
      const { bench, step, burns } = bed(kind, { image: { ...NEW, version: "22.41.10.00" } });
      assert.equal((await bench.run([step])).ended.failure?.reason, "FIRMWARE_IMAGE_UNSUITABLE");
      assert.deepEqual(burns(), []);
    }
  });

  it("goes to older firmware only where the plan says so", async () => {
    const older = { ...NEW, version: "22.20.10.00" };
    for (const kind of ["dell-dup", "mlxfwmanager-archive"] as const) {
      const refused = bed(kind, { image: older, planned: older });
      assert.equal((await refused.bench.run([refused.step])).ended.state, "failed");
      assert.equal(refused.firmware.stored, "22.27.6106");
      const forced = bed(kind, { image: older, planned: older, isForced: true });
      assert.equal((await forced.bench.run([forced.step])).ended.state, "succeeded");
      assert.equal(forced.firmware.stored, "22.20.1000");
    }
  });

  it("gives each way a package can end its reason", async () => {
    for (const [exitCode, reason] of [
      [1, "FIRMWARE_UPDATE_FAILED"],
      [4, "FIRMWARE_PREREQUISITE_MISSING"],
      [5, "FIRMWARE_IMAGE_UNSUITABLE"],
      [9, "ARTEFACT_CHECKSUM_WRONG"],
    ] as const) {
      const { bench, step, host, path } = bed("dell-dup");
      const program = path.slice(path.lastIndexOf("/") + 1);
      const action = { kind: "fail", exitCode, stderr: "" } as const;
      host.faults.add({ match: { kind: "run", program, words: ["-q"] }, action });
      assert.equal((await bench.run([step])).ended.failure?.reason, reason);
    }
  });

  it("says that another tool holds the flash", async () => {
    const { bench, step, firmware } = bed("bin");
    firmware.isHeld = true;
    assert.equal((await bench.run([step])).ended.failure?.reason, "FIRMWARE_BUSY");
  });

  it("looks at the card when a burn does not answer, and never burns again by itself", async () => {
    for (const isApplied of [true, false]) {
      const { bench, step, host, burns } = bed("bin");
      const action = { kind: "timeout", isApplied } as const;
      host.faults.add({ match: { kind: "run", program: "flint", words: ["burn"] }, action });
      const { ended, commands } = await bench.run([step]);
      assert.equal(ended.state, isApplied ? "succeeded" : "failed");
      if (!isApplied) assert.equal(ended.failure?.reason, "FIRMWARE_UPDATE_INTERRUPTED");
      assert.equal(burns().length, isApplied ? 1 : 0);
      assert.equal(commands.filter((command) => command.endsWith(" burn")).length, 1);
    }
  });

  it("waits for a burn that its killed predecessor began", async () => {
    const { bench, step, host, path, burns } = bed("dell-dup", {
      overrides: { firmwareBurnMs: MINUTE_MS },
      factor: FAST,
    });
    await host.run({ argv: ["chmod", "0700", path] });
    const burning = host.run({ argv: [path, "-q"], timeoutMs: 10 * MINUTE_MS });
    const { ended } = await bench.run([step]);
    await burning;
    assert.equal(ended.state, "succeeded", JSON.stringify(ended));
    assert.equal(burns().length, 1);
  });

  for (const phase of ["after-intent", "after-effect"] as const) {
    it(`burns once though its agent is killed ${phase}`, async () => {
      const { bench, step, burns } = bed("bin");
      const killAt = { step: "ensureFirmwareStored", phase } as const;
      assert.equal((await bench.run([step], { killAt })).ended.state, "succeeded");
      assert.equal(burns().length, 1);
    });
  }
});
