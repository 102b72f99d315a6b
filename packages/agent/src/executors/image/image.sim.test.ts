import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { findBuild, startBuild } from "@switchyard/host";
import {
  createSimHost,
  createSimWeb,
  type FaultRule,
  qcow2File,
  readQcow2,
} from "@switchyard/hostsim";
import {
  BUILD_RUN_FOLDER,
  IMAGE_FOLDER,
  type ImageDesired,
  type ImageFormat,
  imagePaths,
  parseArtefactSource,
  parseImageId,
  parseSha256,
  VM_DISK_FOLDER,
  vmDiskPaths,
} from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { benchStep, createStepBench, FAILING_STEP } from "../../testing/step-bench.ts";
import { assertStepProperties, stepContext } from "../../testing/step-properties.ts";
import { EXECUTORS } from "../executors.ts";

/** The pauses between downloads last seconds. */
const FAST = 1000;
const VM = "web-1";
const GIB = 1024 ** 3;
const GOOD = qcow2File({ virtualSizeBytes: 10 * GIB, content: "rocky9" });
const SOURCE = "https://images.example/rocky9.qcow2";

function imageOf(
  text: string,
  change: { source?: string; format?: ImageFormat } = {},
): ImageDesired {
  return {
    image: parseImageId("rocky9"),
    spec: {
      source: parseArtefactSource(change.source ?? SOURCE),
      sha256: parseSha256(createHash("sha256").update(text).digest("hex")),
      sizeBytesMax: 10_000,
      format: change.format ?? "qcow2",
      virtualSizeBytesMax: 20 * GIB,
    },
  };
}

function bed(text = GOOD, files: Readonly<Record<string, string>> = {}) {
  const web = createSimWeb({ [SOURCE]: text });
  const clock = createFastClock(FAST);
  const host = createSimHost({ web, clock, files });
  const bench = createStepBench(host, clock);
  const list = async (folder: string) =>
    (await host.exists(folder)) ? await host.listFolder(folder) : [];
  const left = async () => ({ cache: await list(IMAGE_FOLDER), vms: await list(VM_DISK_FOLDER) });
  return { web, host, bench, left };
}

const withPackages = (...packages: readonly string[]): ImageDesired => {
  const image = imageOf(GOOD);
  return { ...image, spec: { ...image.spec, packages } };
};

const NOTHING = { cache: [], vms: [] };
const imageStep = (image: ImageDesired, lease: { readonly vm?: string } = { vm: VM }) =>
  benchStep("ensureImage", { image, lease: lease.vm });
const fill = (program: string, words: readonly string[], stderr: string): FaultRule => ({
  match: { kind: "run", program, words },
  action: { kind: "fail", exitCode: program === "curl" ? 23 : 1, stderr },
});

describe("ensureImage", () => {
  for (const [format, text] of [
    ["qcow2", GOOD],
    ["raw", "a disk of a few sectors"],
    ["iso", "CD001 alpine"],
  ] as const) {
    it(`brings an image in format ${format} into the cache once, read-only`, async () => {
      const { bench, host, left } = bed(text);
      const image = imageOf(text, { format });
      const { base, key } = imagePaths(image.spec);
      const first = await bench.run([imageStep(image)]);
      assert.equal(first.ended.state, "succeeded", JSON.stringify(first.ended.failure));
      assert.deepEqual(await left(), { cache: [`${key}.base`, `${key}.used`], vms: [VM] });
      assert.ok(first.commands.some((command) => command.startsWith("chmod 0444")));
      assert.equal((await host.readFile(base)).startsWith("QFI"), format !== "iso");
      assert.equal((await bench.run([imageStep(image)])).ended.result.changedSteps, 0);
    });
  }

  it("goes on where a download stopped", async () => {
    const { bench, web } = bed();
    web.disturb(SOURCE, { kind: "truncate", afterBytes: 20 }, 3);
    const { ended, lines } = await bench.run([imageStep(imageOf(GOOD))]);
    assert.equal(ended.state, "succeeded");
    assert.equal(lines.filter((line) => line.includes("cut short")).length, 3);
  });

  const BAD = {
    "of no bytes": ["", "IMAGE_EMPTY"],
    "that was cut off": [GOOD.slice(0, -2), "IMAGE_DAMAGED"],
    "cut off in its header": [GOOD.slice(0, 20), "IMAGE_DAMAGED"],
    "of another format": ["<html>not found</html>", "IMAGE_FORMAT_WRONG"],
    "whose disk is larger than its bound": [
      qcow2File({ virtualSizeBytes: 7 * 1024 ** 6 }),
      "IMAGE_TOO_LARGE",
    ],
    "that stands on a file of the host": [
      qcow2File({ virtualSizeBytes: GIB, backingFile: "/etc/shadow" }),
      "IMAGE_BACKING_FILE",
    ],
    "that keeps its data in a file of the host": [
      qcow2File({ virtualSizeBytes: GIB, dataFile: "/dev/sda" }),
      "IMAGE_DATA_FILE",
    ],
  } as const;
  for (const [what, [text, reason]] of Object.entries(BAD)) {
    it(`refuses an image ${what}, and leaves nothing`, async () => {
      const { bench, left } = bed(text);
      const { ended, commands } = await bench.run([imageStep(imageOf(text))]);
      assert.equal(ended.failure?.reason, reason, ended.failure?.message);
      assert.equal(ended.state, "failed");
      assert.ok(ended.failure.metadata["found"] && ended.failure.metadata["needs"]);
      assert.equal(
        commands.some((command) => command.startsWith("qemu-img convert")),
        false,
      );
      assert.deepEqual(await left(), NOTHING);
    });
  }

  it("refuses another content, and a source that is too large, and leaves nothing", async () => {
    for (const [image, reason] of [
      [imageOf(`${GOOD}!`), "ARTEFACT_CHECKSUM_WRONG"],
      [
        { ...imageOf(GOOD), spec: { ...imageOf(GOOD).spec, sizeBytesMax: 10 } },
        "ARTEFACT_TOO_LARGE",
      ],
      [imageOf(GOOD, { source: "https://images.example/no.qcow2" }), "ARTEFACT_UNAVAILABLE"],
    ] as const) {
      const { bench, left } = bed();
      const { ended } = await bench.run([imageStep(image)]);
      assert.equal(ended.failure?.reason, reason);
      assert.deepEqual(await left(), NOTHING);
    }
  });

  for (const rule of [
    fill("curl", [], "curl: (23) Failure writing output to destination"),
    fill(
      "qemu-img",
      ["convert"],
      "qemu-img: error while writing at byte 0: No space left on device",
    ),
  ]) {
    it(`leaves nothing on a disk that ${JSON.stringify(rule.match)} found full`, async () => {
      const { bench, host, left } = bed();
      host.faults.add(rule);
      const { ended } = await bench.run([imageStep(imageOf(GOOD))]);
      assert.equal(ended.failure?.reason, "IMAGE_CACHE_FULL");
      assert.deepEqual(await left(), NOTHING);
      assert.equal((await bench.run([imageStep(imageOf(GOOD))])).ended.state, "succeeded");
    });
  }

  it("evicts the image used longest ago and never one that a VM stands on", async () => {
    const { bench, web, left } = bed();
    const images = Array.from({ length: 18 }, (_, at) => {
      const text = qcow2File({ virtualSizeBytes: GIB, content: String(at) });
      const source = `https://images.example/${at}`;
      web.publish(source, text);
      return imageOf(text, { source });
    });
    for (const [at, image] of images.entries()) {
      const { ended } = await bench.run([imageStep(image, at === 0 ? { vm: VM } : {})]);
      assert.equal(ended.state, "succeeded");
    }
    const { cache } = await left();
    const has = (at: number) => cache.includes(`${imagePaths(images[at]!.spec).key}.base`); // 18 are there
    assert.deepEqual(
      [0, 1, 2, 3, 17].map((at) => has(at)),
      [true, false, false, true, true],
    );
    assert.equal(cache.length, 2 * 16);
  });

  it("says so when VMs use as many images as the cache has room for", async () => {
    const { bench, web } = bed();
    for (let at = 0; at < 17; at += 1) {
      const text = qcow2File({ virtualSizeBytes: GIB, content: String(at) });
      const source = `https://images.example/${at}`;
      web.publish(source, text);
      const { ended } = await bench.run([imageStep(imageOf(text, { source }), { vm: `vm-${at}` })]);
      assert.equal(ended.failure?.reason, at < 16 ? undefined : "IMAGE_CACHE_FULL");
    }
  });

  it("fetches once for all VMs that need it at the same time", async () => {
    const { host } = bed();
    const context = stepContext(host);
    const { ensureImage } = EXECUTORS;
    assert.ok(ensureImage.kind === "ensure");
    const image = imageOf(GOOD);
    await Promise.all(
      ["a", "b", "c"].map((lease) =>
        ensureImage.apply(context, { image, lease }, { isCached: false, hasFolder: false }),
      ),
    );
    const moves = host.effects.filter(
      ({ source }) => source.kind === "run" && source.argv[0] === "mv",
    );
    assert.equal(moves.length, 1);
    assert.deepEqual(await host.listFolder(VM_DISK_FOLDER), ["a", "b", "c"]);
  });

  it("installs packages by a boot behind NAT, and leaves nothing of the boot", async () => {
    const { bench, host } = bed();
    const image = withPackages("iperf3", "qemu-guest-agent");
    const { ended, commands } = await bench.run([imageStep(image)]);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
    const { base } = imagePaths(image.spec);
    const found = readQcow2(await host.readFile(base));
    assert.deepEqual("image" in found && found.image.packages, ["iperf3", "qemu-guest-agent"]);
    assert.notEqual(base, imagePaths(imageOf(GOOD).spec).base);
    assert.ok(commands.some((command) => command.includes("-netdev user,id=nat0")));
    assert.deepEqual(await host.listFolder(BUILD_RUN_FOLDER), []);
  });

  it("makes no image without the packages it shall have, and shows the guest's console", async () => {
    const { bench, host, left } = bed();
    const { ended } = await bench.run([imageStep(withPackages("no-such-thing"))]);
    assert.equal(ended.failure?.reason, "IMAGE_PACKAGES_FAILED");
    assert.match(ended.failure?.metadata["found"] ?? "", /Unable to find a match/);
    assert.deepEqual(await left(), NOTHING);
    assert.deepEqual(await host.listFolder(BUILD_RUN_FOLDER), []);
  });

  it("ends the boot that an agent which was killed had left, and begins anew", async () => {
    const { bench, host } = bed();
    const image = withPackages("iperf3");
    const { key, base } = imagePaths(image.spec);
    const disk = "/var/lib/stale.qcow2";
    await host.replaceFile(disk, GOOD);
    await startBuild(host, { key, disk, accelerator: "kvm", packages: [] });
    assert.ok(await findBuild(host, key));
    const { ended } = await bench.run([imageStep(image)]);
    assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
    assert.ok(await host.exists(base));
    assert.equal(await findBuild(host, key), undefined);
  });

  it("keeps the four properties", async () => {
    const { host } = bed();
    const image = imageOf(GOOD);
    await assertStepProperties({
      host,
      kind: "ensureImage",
      args: { image, lease: VM },
      look: () => host.exists(vmDiskPaths(VM).lease),
      failure: fill("qemu-img", ["convert"], "qemu-img: error"),
    });
  });
});

const base = imagePaths(imageOf(GOOD).spec).base;
const FILES = [
  { name: "user-data", text: "#cloud-config\n{}\n" },
  { name: "meta-data", text: "{}\n" },
] as const;

describe("a VM's disk", () => {
  const withBase = () => bed(GOOD, { [base]: qcow2File({ virtualSizeBytes: 10 * GIB }) });
  const overlay = (sizeBytes?: number) => benchStep("ensureOverlay", { vm: VM, base, sizeBytes });

  it("is one overlay on its base, and is never made anew", async () => {
    const { bench, host } = withBase();
    assert.equal((await bench.run([overlay()])).ended.state, "succeeded");
    const disk = vmDiskPaths(VM).disk;
    assert.ok((await host.readFile(disk)).includes(base));
    const again = await bench.run([overlay()]);
    assert.equal(again.ended.result.changedSteps, 0);
    assert.deepEqual(await host.listFolder(vmDiskPaths(VM).folder), ["disk.qcow2"]);
  });

  it("is not smaller than the image's, which QEMU would not mind", async () => {
    const { bench, left } = withBase();
    assert.equal((await bench.run([overlay(GIB)])).ended.failure?.reason, "VM_DISK_TOO_SMALL");
    assert.deepEqual((await left()).vms, [VM].slice(1));
  });

  it("that stands on another image is left as it is", async () => {
    const { disk } = vmDiskPaths(VM);
    const foreign = qcow2File({ virtualSizeBytes: GIB, backingFile: "/srv/other" });
    const { bench, host } = bed(GOOD, { [base]: GOOD, [disk]: foreign });
    assert.equal((await bench.run([overlay()])).ended.failure?.reason, "VM_DISK_UNEXPECTED");
    assert.equal(await host.readFile(disk), foreign);
  });

  it("and its seed keep the four properties", async () => {
    const { host } = withBase();
    const paths = vmDiskPaths(VM);
    await assertStepProperties({
      host,
      kind: "ensureOverlay",
      args: { vm: VM, base, sizeBytes: undefined },
      look: () => host.exists(paths.disk),
      failure: fill("qemu-img", ["create"], "qemu-img: No space left on device"),
    });
    await assertStepProperties({
      host,
      kind: "ensureSeed",
      args: { vm: VM, files: FILES },
      look: async () => [await host.exists(paths.seed), await host.exists(paths.seedFiles)],
      failure: fill("xorriso", [], "xorriso : FAILURE"),
    });
  });

  it("gets a seed from genisoimage where there is no xorriso, and says what is missing", async () => {
    const step = benchStep("ensureSeed", { vm: VM, files: FILES });
    for (const [missingPrograms, reason] of [
      [["xorriso"], undefined],
      [["xorriso", "genisoimage"], "SEED_BUILD_FAILED"],
    ] as const) {
      const host = createSimHost({ overrides: { missingPrograms } });
      const { ended } = await createStepBench(host).run([step]);
      assert.equal(ended.failure?.reason, reason);
    }
  });

  it("goes with its seed and its hold on the image, and twice is no harm", async () => {
    const { bench, left } = withBase();
    await bench.run([overlay(), benchStep("ensureSeed", { vm: VM, files: FILES })]);
    const remove = benchStep("ensureNoOverlay", { vm: VM }, false);
    assert.equal((await bench.run([remove])).ended.result.changedSteps, 1);
    assert.deepEqual((await left()).vms, []);
    assert.equal((await bench.run([remove])).ended.result.changedSteps, 0);
  });

  it("grows by ensureDiskSize, keeps what was written, and never shrinks", async () => {
    const { bench, host } = withBase();
    const size = (gib: number) =>
      benchStep("ensureDiskSize", { vm: VM, sizeBytes: gib * GIB }, false);
    await bench.run([overlay()]);
    const grown = await bench.run([size(15)]);
    assert.equal(grown.ended.result.changedSteps, 1, JSON.stringify(grown.ended.failure));
    const { disk } = vmDiskPaths(VM);
    assert.match(await host.readFile(disk), /"backingFile"/);
    assert.equal((await bench.run([size(15)])).ended.result.changedSteps, 0, "it may run twice");
    assert.equal((await bench.run([size(12)])).ended.result.changedSteps, 0, "smaller is no wish");
    const failing = await bench.run([size(16), FAILING_STEP]);
    assert.match(failing.ended.result.leftState ?? "", /Still in effect/);
  });

  it("says what qemu-img said where a disk can't grow", async () => {
    const { bench, host } = withBase();
    await bench.run([overlay()]);
    host.faults.add(fill("qemu-img", ["resize"], "qemu-img: No space left on device"));
    const step = benchStep("ensureDiskSize", { vm: VM, sizeBytes: 15 * GIB }, false);
    const { ended } = await bench.run([step]);
    assert.equal(ended.failure?.reason, "IMAGE_CACHE_FULL");
  });

  const steps = [
    imageStep(imageOf(GOOD)),
    overlay(),
    benchStep("ensureSeed", { vm: VM, files: FILES }),
  ];
  for (const { kind } of steps) {
    for (const phase of ["after-intent", "after-effect"] as const) {
      it(`is whole though the agent is killed ${phase} of ${kind}`, async () => {
        const { bench, left, host } = bed();
        const { ended } = await bench.run(steps, { killAt: { step: kind, phase } });
        assert.equal(ended.state, "succeeded", JSON.stringify(ended.failure));
        const { key } = imagePaths(imageOf(GOOD).spec);
        assert.deepEqual(await left(), { cache: [`${key}.base`, `${key}.used`], vms: [VM] });
        const files = await host.listFolder(vmDiskPaths(VM).folder);
        assert.deepEqual(files, ["disk.qcow2", "image", "seed", "seed.iso"]);
      });

      it(`leaves only the cached image when the job fails after a kill ${phase} of ${kind}`, async () => {
        const { bench, left } = bed();
        const { ended } = await bench.run([...steps, FAILING_STEP], {
          killAt: { step: kind, phase },
        });
        assert.equal(ended.state, "failed");
        assert.deepEqual((await left()).vms, []);
        assert.equal((await left()).cache.length, 2);
      });
    }
  }
});
