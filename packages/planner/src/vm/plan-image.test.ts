import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  formatCommand,
  type GuestSetupMethod,
  type ImageDesired,
  type ImageFormat,
  imagePaths,
  parseArtefactSource,
  parseImageId,
  parseSha256,
  type VmDesired,
  vmDiskPaths,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildHostDesired,
  buildVmDesired,
} from "@switchyard/testkit/builders";
import { planHost } from "../host/plan-host.ts";
import { planEviction } from "./evict-images.ts";
import { planVmDelete, planVmStart } from "./plan-vm.ts";

const bare = buildBareR740();
const host = applySteps(bare, planHost(buildHostDesired(), bare).steps);
const GIB = 1024 ** 3;

const imageOf = (format: ImageFormat): ImageDesired => ({
  image: parseImageId("rocky9"),
  spec: {
    source: parseArtefactSource("https://images.example/rocky9"),
    sha256: parseSha256("ab".repeat(32)),
    sizeBytesMax: GIB,
    format,
    virtualSizeBytesMax: 20 * GIB,
  },
});

function vmFrom(
  format: ImageFormat,
  boot: { diskBytes?: number; hasSeed?: boolean; method?: GuestSetupMethod } = {},
): VmDesired {
  const { diskBytes, hasSeed = true, method = "cloud-init" } = boot;
  const guestSetup = {
    method,
    user: "ada",
    sshKeys: ["ssh-ed25519 AAAA ada@example"],
    isNicUnmanaged: false,
    hasEmptyRootPassword: false,
  };
  const image = imageOf(format);
  const vm = buildVmDesired(host, {
    spec: {
      boot: {
        kind: "image",
        image: image.image,
        ...(diskBytes !== undefined && { diskBytes }),
        ...(hasSeed && { guestSetup }),
      },
    },
  });
  return { ...vm, image };
}

const kindsOf = (vm: VmDesired) => planVmStart(vm, host).steps.map(({ kind }) => kind);
const commandsOf = (vm: VmDesired) =>
  planVmStart(vm, host).steps.flatMap(({ commands }) => commands.map(formatCommand));

describe("a VM that boots from an image", () => {
  it("has its disk before its NIC is touched", () => {
    assert.deepEqual(kindsOf(vmFrom("qcow2")), [
      "ensureImage",
      "ensureOverlay",
      "ensureSeed",
      "ensureVdpaDevice",
      "ensureVmRunning",
      "ensureGuestAddress",
    ]);
  });

  it("shows every command, the check of a qcow2's clusters among them", () => {
    const text = commandsOf(vmFrom("qcow2", { diskBytes: 20 * GIB })).join("\n");
    const { partial, base } = imagePaths(imageOf("qcow2").spec);
    assert.ok(text.includes(`qemu-img check -f qcow2 --output=json -- ${partial}`));
    assert.ok(text.includes(`-b ${base} -F qcow2 -- `));
    const paths = vmDiskPaths("web-1");
    assert.match(text, /-drive file=\S+\/disk\.qcow2,format=qcow2,if=virtio/);
    assert.match(text, /-drive file=\S+\/seed\.iso,format=raw,readonly=on,if=virtio/);
    assert.ok(paths.folder.endsWith("/web-1"));
    assert.ok(!commandsOf(vmFrom("raw")).join("\n").includes("qemu-img check"));
  });

  it("is set up in its disk where that is asked for, and then has no seed", () => {
    const vm = vmFrom("qcow2", { method: "disk-edit" });
    assert.deepEqual(kindsOf(vm).slice(0, 3), ["ensureImage", "ensureOverlay", "ensureDiskEdited"]);
    const text = commandsOf(vm).join("\n");
    assert.ok(!text.includes("seed.iso"));
    assert.match(text, /qemu-nbd .*--connect/);
  });

  it("grows a disk that is to be larger than it was made", () => {
    const { steps } = planVmStart(vmFrom("qcow2", { diskBytes: 20 * GIB }), host);
    const step = steps.find(({ kind }) => kind === "ensureDiskSize");
    assert.deepEqual(
      [step?.arguments, step?.isReversible],
      [{ vm: "web-01", sizeBytes: 20 * GIB }, false],
    );
  });

  it("boots an ISO as it came, with an empty disk only where one is asked for", () => {
    const live = vmFrom("iso", { hasSeed: false });
    assert.deepEqual(kindsOf(live).slice(0, 2), ["ensureImage", "ensureVdpaDevice"]);
    const text = commandsOf(live).join("\n");
    assert.match(text, /media=cdrom -boot order=cd/);
    assert.ok(!text.includes("convert") && !text.includes("disk.qcow2"));
    assert.equal(kindsOf(vmFrom("iso", { diskBytes: GIB }))[1], "ensureOverlay");
  });

  it("leaves nothing on disk once it is deleted", () => {
    const { steps } = planVmDelete(vmFrom("qcow2"), host);
    assert.ok(steps.some(({ kind }) => kind === "ensureNoOverlay"));
    const other = planVmDelete(buildVmDesired(host), host).steps;
    assert.ok(!other.some(({ kind }) => kind === "ensureNoOverlay"));
  });
});

describe("planEviction", () => {
  const image = (key: string, usedAtMs: number) => ({ key, usedAtMs, sizeBytes: 10 });
  const cached = [image("b", 2), image("a", 1), image("c", 3)];
  const evict = (countMax: number, bytesMax: number, ...inUse: readonly string[]) =>
    planEviction(cached, { inUse: new Set(inUse), room: { countMax, bytesMax } });

  it("takes no more than it must, least recently used first", () => {
    assert.deepEqual(evict(3, 30), []);
    assert.deepEqual(evict(2, 30), ["a"]);
    assert.deepEqual(evict(3, 10), ["a", "b"]);
  });

  it("never takes one in use, and says so when that leaves no room", () => {
    assert.deepEqual(evict(2, 30, "a"), ["b"]);
    assert.equal(evict(1, 30, "a", "b"), undefined);
  });
});
