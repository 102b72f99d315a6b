import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { waitForJob } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb, qcow2File } from "@switchyard/hostsim";
import { IMAGE_FOLDER, VM_DISK_FOLDER } from "@switchyard/model";
import {
  type GuestSetup,
  GuestSetupMethod,
  Image,
  ImageCopyState,
  JobState,
  Network,
  PlanGoal,
  Vm,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";

const GIB = 1024 ** 3;
const ROCKY = qcow2File({ virtualSizeBytes: 10 * GIB, content: "rocky9" });
const BOMB = qcow2File({ virtualSizeBytes: 1024 * 1024 * GIB });
/** Without cloud-init: root on the second partition. */
const PLAIN = qcow2File({
  virtualSizeBytes: 10 * GIB,
  partitions: [
    { type: "vfat", entries: { "EFI/BOOT/grub.cfg": "" } },
    {
      type: "xfs",
      entries: {
        "etc/shadow": "root:!!:1::::::\n",
        "etc/NetworkManager/system-connections": { folder: true },
      },
    },
  ],
});
const URLS = {
  rocky: "https://images.example/rocky9",
  bomb: "https://images.example/bomb",
  plain: "https://images.example/plain",
};
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOJ7 ada@example";

const imageOf = (source: string, text: string): Image =>
  Image.fromPartial({
    spec: { source, sha256: createHash("sha256").update(text).digest("hex"), format: "qcow2" },
  });

/** A guest whose disk the host sets up runs no agent here: its address can only come from the disk. */
const vmOf = (image: string, setup: Partial<GuestSetup> = { user: "ada", sshKeys: [KEY] }): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 2,
      memoryBytes: 2n * BigInt(GIB),
      boot: {
        $case: "image",
        value: { image, guestSetup: setup },
      },
      network: "networks/lan",
      queuePairs: 2,
      hasGuestAgent: setup.method !== GuestSetupMethod.DISK_EDIT,
    },
  });

describe("images on simulated hosts", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const images = () => stack.client.images;
  const copiesOf = async (image: string) => (await images().listImageCopies({ image })).copies;
  const filesOf = async (host: string) => {
    const sim = stack.simHost(host);
    const list = async (folder: string) =>
      (await sim.exists(folder)) ? await sim.listFolder(folder) : [];
    return { cache: await list(IMAGE_FOLDER), vms: await list(VM_DISK_FOLDER) };
  };

  before(async () => {
    const web = createSimWeb({ [URLS.rocky]: ROCKY, [URLS.bomb]: BOMB, [URLS.plain]: PLAIN });
    stack = await startStack({ hosts: 2, web, log: silentLogger });
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await Promise.all(stack.hostNames.map((host) => job().readyHost(host)));
    await job().createProfile("vdpa", vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses }), {
      role: "vm-host",
    });
    for (const host of stack.hostNames) {
      await job().apply(await job().plan(host, PlanGoal.APPLY_PROFILE));
    }
    const spec = {
      bridge: "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
      macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
    };
    await job().createNetwork("lan", Network.fromPartial({ spec }));
    await images().createImage({ imageId: "rocky9", image: imageOf(URLS.rocky, ROCKY) });
    await images().createImage({ imageId: "bomb", image: imageOf(URLS.bomb, BOMB) });
  });

  after(() => stack.stop());

  it("come to a host before a VM needs them", async () => {
    const [host = ""] = stack.hostNames;
    const fetching = await images().fetchImage({ name: "images/rocky9", host });
    const ended = await waitForJob(stack.client, fetching.name, { timeoutMs: 60_000 });
    assert.equal(ended.state, JobState.SUCCEEDED);
    const [copy] = await copiesOf("images/rocky9");
    assert.deepEqual([copy?.host, copy?.state], [host, ImageCopyState.CACHED]);
    assert.equal((await images().getImage({ name: "images/rocky9" })).cachedHostCount, 1);
  });

  it("are booted by VMs side by side, each with a disk of its own", async () => {
    const ids = ["one", "two", "three", "four"];
    const vms = await Promise.all(ids.map((id) => job().createVm(id, vmOf("images/rocky9"))));
    assert.deepEqual(
      vms.map(({ state, failure }) => [state, failure?.message]),
      ids.map(() => [VmState.RUNNING, undefined]),
    );
    for (const host of stack.hostNames) {
      const { cache, vms: folders } = await filesOf(host);
      assert.equal(cache.filter((name) => name.endsWith(".base")).length, 1);
      assert.equal(cache.length, 2);
      assert.equal(folders.length, 2);
    }
    const [first, second] = vms;
    const target = second?.allocation?.address.split("/")[0] ?? "";
    const { received, transmitted } = await job().ping(first?.name ?? "", target);
    assert.equal(received, transmitted);
  });

  it("stay as long as VMs boot from them", async () => {
    await assert.rejects(images().deleteImage({ name: "images/rocky9" }), {
      reason: "RESOURCE_IN_USE",
    });
    for (const id of ["one", "two", "three", "four"]) await job().deleteVm(`vms/${id}`);
    for (const host of stack.hostNames) assert.deepEqual((await filesOf(host)).vms, []);
    await images().deleteImage({ name: "images/rocky9" });
    await assert.rejects(images().getImage({ name: "images/rocky9" }), {
      reason: "IMAGE_NOT_FOUND",
    });
  });

  it("that are refused leave a VM failed with the reason, and nothing on the host", async () => {
    const vm = await job().createVm("unlucky", vmOf("images/bomb"));
    assert.equal(vm.state, VmState.FAILED);
    assert.equal(vm.failure?.reason, "IMAGE_TOO_LARGE");
    const [copy] = await copiesOf("images/bomb");
    assert.deepEqual(
      [copy?.state, copy?.failure?.reason],
      [ImageCopyState.FAILED, "IMAGE_TOO_LARGE"],
    );
    const { cache, vms } = await filesOf(vm.allocation?.host ?? "");
    assert.deepEqual(vms, []);
    assert.ok(cache.every((name) => !name.endsWith(".part") && !name.endsWith(".converting")));
    await job().deleteVm(vm.name);
  });

  it("that nobody knows are refused before anything is placed", async () => {
    await assert.rejects(stack.client.vms.createVm({ vmId: "lost", vm: vmOf("images/nowhere") }), {
      reason: "IMAGE_NOT_FOUND",
    });
  });

  it("without cloud-init are set up in the VM's disk before its first start", async () => {
    await images().createImage({ imageId: "plain", image: imageOf(URLS.plain, PLAIN) });
    const [edited, other] = await Promise.all([
      job().createVm("edited", vmOf("images/plain", { method: GuestSetupMethod.DISK_EDIT })),
      job().createVm("other", vmOf("images/plain")),
    ]);
    assert.equal(other.state, VmState.RUNNING, other.failure?.message);
    assert.equal(edited.state, VmState.RUNNING, edited.failure?.message);
    const target = edited.allocation?.nics[0]?.address.split("/")[0] ?? "";
    const { received, transmitted } = await job().ping("vms/other", target);
    assert.equal(received, transmitted);
    const host = stack.simHost(edited.allocation?.host ?? "");
    assert.equal(await host.readFile("/proc/mounts"), "");
    for (const name of ["vms/edited", "vms/other"]) await job().deleteVm(name);
  });
});
