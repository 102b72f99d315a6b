import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { JobState, ProfileSpec } from "@switchyard/proto";
import { type FakeController, startFakeController } from "./testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "./testing/fake-io.ts";

let controller: FakeController;

before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: FakeIoOptions = {}) =>
  runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address, ...options.env } });
const lastRequest = (method: string) =>
  controller.requests.findLast((each) => each.method === method)?.request;

describe("swy host", () => {
  it("lists hosts with their kind, aligned and without colour when piped", async () => {
    const { code, stdout, stderr } = await swy("host list");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    const [head = "", first = "", second = ""] = stdout.split("\n");
    assert.match(head, /^HOST +KIND +STATE +PROFILE +SLOTS FREE/);
    assert.match(first, /^r740-01 +simulated +✓ ready .*1\/2/);
    assert.match(second, /^lab-1 +lab +✗ lost/);
    assert.equal(head.indexOf("STATE"), first.indexOf("✓"));
  });

  it("leaves the headers out when asked to, and marks states in ASCII where the locale wants it", async () => {
    const { stdout } = await swy("host list --no-headers", { env: { LANG: "C" } });
    assert.match(stdout, /^r740-01 +simulated +\+ ready/);
  });

  it("colours by the rules: a terminal does, NO_COLOR wins over it, the flag over both", async () => {
    const colorStart = "\u001b[";
    const terminal = { isTty: true };
    const quiet = { isTty: true, env: { NO_COLOR: "1" } };
    assert.ok((await swy("host list", terminal)).stdout.includes(colorStart));
    assert.ok(!(await swy("host list", quiet)).stdout.includes(colorStart));
    assert.ok((await swy("host list --color always", quiet)).stdout.includes(colorStart));
  });

  it("gives one JSON document in the proto's form", async () => {
    const { stdout } = await swy("host list -o json");
    const { hosts } = JSON.parse(stdout) as { hosts: Record<string, unknown>[] };
    assert.equal(hosts[0]?.["kind"], "HOST_KIND_SIMULATED");
    assert.equal(hosts[1]?.["state"], "HOST_STATE_LOST");
  });

  it("gives names and YAML", async () => {
    assert.equal((await swy("host ls -o name")).stdout, "hosts/r740-01\nhosts/lab-1\n");
    assert.match((await swy("host get lab-1 -o yaml")).stdout, /^name: hosts\/lab-1\n/);
  });

  it("takes full names and short ones, and sends the selector along", async () => {
    assert.equal((await swy("host get hosts/lab-1")).code, 0);
    assert.equal((await swy("host list -l role=vm-host -l rack=a")).code, 0);
    assert.deepEqual(lastRequest("listHosts")?.["labelSelector"], { role: "vm-host", rack: "a" });
  });

  it("shows an error in its one shape and exits 3 for what is not there", async () => {
    const { code, stdout, stderr } = await swy("host get nope");
    assert.equal(code, 3);
    assert.equal(stdout, "");
    assert.deepEqual(stderr.split("\n"), [
      "error: there is no host hosts/nope                             [HOST_NOT_FOUND]",
      "  found  hosts/nope",
      "  try    swy host list",
      "  more   swy explain HOST_NOT_FOUND                request req-1",
      "",
    ]);
  });

  it("gives the error as a google.rpc.Status with -o json", async () => {
    const { stdout, stderr } = await swy("host get nope -o json");
    assert.equal(stdout, "");
    const status = JSON.parse(stderr) as { code: number; details: { reason?: string }[] };
    assert.equal(status.code, 5);
    assert.equal(status.details[0]?.reason, "HOST_NOT_FOUND");
  });

  it("sets and takes away labels on top of those it read", async () => {
    await swy("host label r740-01 rack=b role-");
    const { host, updateMask } = lastRequest("updateHost") as {
      host: { labels: object };
      updateMask: string[];
    };
    assert.deepEqual(host.labels, { rack: "b" });
    assert.deepEqual(updateMask, ["labels"]);
  });

  it("watches with one JSON document a line, resume tokens included", async () => {
    const interrupt = new AbortController();
    const { code, stdout } = await swy("host watch -o json", {
      signal: interrupt.signal,
      onStdout: (text) => {
        if (text.includes("resumeToken")) interrupt.abort();
      },
    });
    assert.equal(code, 130);
    const [change, progress] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, object>);
    assert.deepEqual(Object.keys(change ?? {}), ["change"]);
    assert.deepEqual(progress, { progress: { resumeToken: "t1", isSynced: true } });
  });

  it("watches in lines for people", async () => {
    const interrupt = new AbortController();
    const { stdout } = await swy("host list --watch", {
      signal: interrupt.signal,
      onStdout: () => interrupt.abort(),
    });
    assert.match(stdout, /^snapshot {2}r740-01 +simulated +✓ ready/);
  });
});

describe("swy plan", () => {
  it("shows the exact commands, and on stderr how to apply exactly this plan", async () => {
    const { stdout, stderr } = await swy("plan create --host r740-01");
    assert.match(
      stdout,
      /1 {2}Create 2 VFs on 0000:82:00\.0\n {7}echo 2 > \/sys\/x\/sriov_numvfs\n/,
    );
    assert.match(stdout, /r740-01 \(simulated\)/);
    assert.equal(stderr, "apply it: swy plan apply p1 --etag e1\n");
  });

  it("exits 10 for changes only when asked to", async () => {
    assert.equal((await swy("plan create --host r740-01")).code, 0);
    assert.equal((await swy("plan create --host r740-01 --exit-code")).code, 10);
  });

  it("fails at once without --yes where nobody can be asked", async () => {
    const { code, stderr } = await swy("plan apply p1");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^error: Apply: 1 step on r740-01 \(simulated\), .*0 VMs hit: not without --yes/,
    );
    assert.equal(lastRequest("applyPlan"), undefined);
  });

  it("does nothing on no", async () => {
    const { code, stderr } = await swy("plan apply p1", { answer: "n" });
    assert.equal(code, 0);
    assert.match(stderr, /nothing was changed/);
    assert.equal(lastRequest("applyPlan"), undefined);
  });

  it("applies what was reviewed and tells of the steps on stderr", async () => {
    const { code, stdout, stderr } = await swy("plan apply p1 --etag mine --yes --request-id r9");
    assert.equal(code, 0);
    assert.match(stderr, /01-ensureVfCount {2}Create 2 VFs/);
    assert.match(stdout, /✓ succeeded/);
    const { etag, requestId } = lastRequest("applyPlan") as { etag: string; requestId: string };
    assert.deepEqual([etag, requestId], ["mine", "r9"]);
  });

  it("returns at once with --no-wait and says how to follow", async () => {
    const { stderr } = await swy("plan apply p1 --yes --no-wait");
    assert.match(stderr, /follow it: swy job watch j1/);
  });

  it("asks the server to check only, with --dry-run, and then needs no yes", async () => {
    const { code, stderr } = await swy("plan apply p1 --dry-run");
    assert.equal(code, 0);
    assert.match(stderr, /dry run: nothing was changed/);
    assert.equal(lastRequest("applyPlan")?.["validateOnly"], true);
  });
});

describe("swy with a job that fails", () => {
  it("exits 1 and shows step, stderr and what to try", async () => {
    const failing = await startFakeController({ endState: JobState.FAILED });
    try {
      const args = ["plan", "apply", "p1", "--yes", "--address", failing.address];
      const { code, stderr } = await runFake(args);
      assert.equal(code, 1);
      assert.match(stderr, /error: 0000:82:00\.0 stays in legacy mode +\[ESWITCH_BUSY\]\n/);
      assert.match(stderr, / {2}step {4}02-ensureEswitchMode\n/);
      assert.match(
        stderr,
        / {2}stderr {2}Error: mlx5_core: Can't change mode\.\n {10}kernel answers: busy\n/,
      );
      assert.match(stderr, / {2}log {5}swy job logs j1\n/);
    } finally {
      failing.stop();
    }
  });
});

describe("swy job logs", () => {
  it("shows every command with its end", async () => {
    const { stdout } = await swy("job logs j1");
    assert.match(stdout, /\$ vdpa dev show {2}\(exit 0, 3 ms\)/);
  });

  it("gives one JSON document a line", async () => {
    const { stdout } = await swy("job logs j1 -o json");
    assert.equal(stdout.trimEnd().split("\n").length, 4);
  });
});

describe("swy vm", () => {
  it("makes the spec of flags", async () => {
    const flags =
      "--network lan --vcpus 4 --memory 4GiB --disk /images/web.qcow2 --queues 2 --host-label rack=a --autostart";
    const { code, stdout } = await swy(`vm create web-1 ${flags}`);
    assert.equal(code, 0);
    assert.match(stdout, /r740-01 \(simulated\)/);
    const { vmId, vm } = lastRequest("createVm") as { vmId: string; vm: { spec: object } };
    assert.equal(vmId, "web-1");
    assert.deepEqual(vm.spec, {
      vcpuCount: 4,
      memoryBytes: 4n * 1024n ** 3n,
      boot: { $case: "disk", value: { path: "/images/web.qcow2", format: "qcow2" } },
      network: "networks/lan",
      queuePairs: 2,
      hostSelector: { rack: "a" },
      hasGuestAgent: true,
      preventDestroy: false,
      autostart: true,
      runtime: 0,
      placementPolicy: 0,
      labels: {},
      affinity: [],
      nics: [],
      numaPolicy: 0,
      hugepageBytes: 0n,
      cpuPinning: false,
    });
  });

  it("takes the runtime, and no other than there is", async () => {
    const spec = "--network lan --vcpus 4 --memory 4GiB --disk /a.qcow2";
    await swy(`vm create web-1 --runtime libvirt ${spec}`);
    const { vm } = lastRequest("createVm") as { vm: { spec: { runtime: number } } };
    assert.equal(vm.spec.runtime, 2);
    const { stderr } = await swy(`vm create web-1 --runtime xen ${spec}`);
    assert.match(stderr, /"xen" is no runtime: qemu or libvirt/);
  });

  it("takes several NICs, and shows them one a line", async () => {
    const nics =
      "--nic network=lan,queues=2,mac=52:54:00:00:00:01 --nic network=dmz,kind=sriov,address=10.0.0.9";
    const { stdout } = await swy(`vm create web-1 ${nics} --vcpus 4 --memory 4GiB --disk /a.qcow2`);
    const { vm } = lastRequest("createVm") as { vm: { spec: { nics: object } } };
    assert.deepEqual(vm.spec.nics, [
      { network: "networks/lan", kind: 1, queuePairs: 2, mac: "52:54:00:00:00:01", address: "" },
      { network: "networks/dmz", kind: 2, queuePairs: 0, mac: "", address: "10.0.0.9" },
    ]);
    assert.match(
      stdout,
      /vdpa +lan +192\.168\.101\.20\/24 +52:54:00:cb:45:11 +VF 1 of 0000:82:00\.0 +cxbr0 +4/,
    );
  });

  it("takes what ties a VM to parts of its host", async () => {
    await swy("vm create web-1 --network lan --numa required --hugepages 1GiB --pin-cpus");
    const { vm } = lastRequest("createVm") as {
      vm: { spec: { numaPolicy: number; hugepageBytes: bigint; cpuPinning: boolean } };
    };
    const { numaPolicy, hugepageBytes, cpuPinning } = vm.spec;
    assert.deepEqual([numaPolicy, hugepageBytes, cpuPinning], [3, 1024n ** 3n, true]);
    assert.equal((await swy("vm create web-1 --network lan --numa near")).code, 2);
  });

  it("refuses a NIC that it does not understand", async () => {
    for (const nic of ["lan", "network=lan,speed=9", "kind=vdpa", "network=lan,kind=e1000"]) {
      assert.equal((await swy(`vm create web-1 --nic ${nic}`)).code, 2, nic);
    }
    assert.equal((await swy("vm create web-1 --network lan --nic network=lan")).code, 2);
  });

  it("gives the guest the time that was said, or none", async () => {
    assert.equal((await swy("vm stop web-1 --grace 90s --no-wait")).code, 0);
    assert.deepEqual(lastRequest("stopVm"), {
      ...(lastRequest("stopVm") as object),
      name: "vms/web-1",
      force: false,
      gracePeriod: { seconds: 90n, nanos: 0 },
    });
    assert.equal((await swy("vm reboot web-1 --force")).code, 0);
    const { force, gracePeriod } = lastRequest("rebootVm") as {
      force: boolean;
      gracePeriod: unknown;
    };
    assert.deepEqual([force, gracePeriod], [true, undefined]);
  });

  it("sends only what changes of a VM", async () => {
    await swy("vm resize web-1 --vcpus 8 --disk-size 20GiB");
    const resize = lastRequest("updateVm") as {
      updateMask: string[];
      vm: { spec: { vcpuCount: number; boot: unknown } };
    };
    assert.deepEqual(resize.updateMask, ["spec.vcpu_count", "spec.image.disk_bytes"]);
    assert.equal(resize.vm.spec.vcpuCount, 8);
    await swy("vm update web-1 --no-prevent-destroy");
    const update = lastRequest("updateVm") as { updateMask: string[] };
    assert.deepEqual(update.updateMask, ["spec.prevent_destroy"]);
    await swy("vm update web-1 --runtime libvirt");
    const moved = lastRequest("updateVm") as {
      updateMask: string[];
      vm: { spec: { runtime: number } };
    };
    assert.deepEqual([moved.updateMask, moved.vm.spec.runtime], [["spec.runtime"], 2]);
    const { code, stderr } = await swy("vm resize web-1");
    assert.equal(code, 2);
    assert.match(stderr, /say what changes/);
  });

  it("takes the spec from a file and lets flags override it", async () => {
    const text = "spec:\n  network: networks/lan\n  vcpu_count: 2\n  memory_bytes: 1073741824\n";
    await swy("vm create web-1 -f vm.yaml --vcpus 8 --no-guest-agent", {
      files: { "vm.yaml": text },
    });
    const { vm } = lastRequest("createVm") as {
      vm: { spec: { vcpuCount: number; memoryBytes: bigint; hasGuestAgent: boolean } };
    };
    assert.equal(vm.spec.vcpuCount, 8);
    assert.equal(vm.spec.memoryBytes, 1073741824n);
    assert.equal(vm.spec.hasGuestAgent, false);
  });

  it("refuses a file with a field that nobody knows, before anything is sent", async () => {
    const before = controller.requests.length;
    const files = { "vm.yaml": "network: networks/lan\nvcpu_cuont: 2\n" };
    const { code, stderr } = await swy("vm create web-1 -f vm.yaml", { files });
    assert.equal(code, 2);
    assert.match(stderr, /vm\.yaml was not understood\n {2}spec\.vcpu_cuont is not known/);
    assert.equal(controller.requests.length, before);
  });

  it("wants the VM's name typed before it is deleted", async () => {
    assert.match((await swy("vm delete web-1", { answer: "y" })).stderr, /nothing was changed/);
    assert.equal(lastRequest("deleteVm"), undefined);
    assert.equal((await swy("vm delete web-1", { answer: "web-1" })).code, 0);
    assert.equal(lastRequest("deleteVm")?.["name"], "vms/web-1");
  });
});

describe("swy profile create", () => {
  it("makes the spec of flags, vdpa being the mode that is meant", async () => {
    const flags =
      "-s role=vm-host --uplink-port 0 --vfs 2 --max-vqp 16 --bridge cxbr0 --bridge-addresses 192.168.101.2-192.168.101.19/24 --hw-offload";
    assert.equal((await swy(`profile create cx6dx ${flags}`)).code, 0);
    const { profile } = lastRequest("createProfile") as { profile: { spec: ProfileSpec } };
    assert.deepEqual(ProfileSpec.toJSON(profile.spec), {
      selector: { role: "vm-host" },
      datapath: {
        mode: "DATAPATH_MODE_VDPA",
        uplinkPort: 0,
        vfCount: 2,
        maxVqp: 16,
        bridge: {
          name: "cxbr0",
          addressRange: { first: "192.168.101.2", last: "192.168.101.19", prefixLength: 24 },
        },
        hwOffload: true,
      },
    });
  });

  it("joins the uplink with another port", async () => {
    const flags =
      "-s role=vm-host --uplink-port 0 --vfs 2 --max-vqp 16 --bridge cxbr0 --bond bond0 --bond-mode 802.3ad --bond-port 1";
    assert.equal((await swy(`profile create pair ${flags}`)).code, 0);
    const { profile } = lastRequest("createProfile") as {
      profile: { spec: { datapath: Record<string, unknown> } };
    };
    assert.deepEqual(profile.spec.datapath["bond"], {
      name: "bond0",
      mode: 2,
      ports: [{ selector: { $case: "port", value: 1 } }],
    });
  });

  it("makes a spec in mode sriov without bridge and queue pairs", async () => {
    const flags = "-s role=vm-host --mode sriov --uplink-port 0 --vfs 8 --vf-driver vfio-pci";
    assert.equal((await swy(`profile create fast ${flags}`)).code, 0);
    const { profile } = lastRequest("createProfile") as {
      profile: { spec: { datapath: Record<string, unknown> } };
    };
    const { mode, vfDriver, vfCount, bridge, maxVqp } = profile.spec.datapath;
    assert.deepEqual([mode, vfDriver, vfCount, bridge, maxVqp], [2, 2, 8, undefined, 0]);
  });
});

describe("swy host set-mode", () => {
  const calls = () => controller.requests.filter(({ method }) => method === "setDatapathMode");

  it("shows the plan, keeps nothing on no, and applies what was shown on yes", async () => {
    const before = calls().length;
    const no = await swy("host set-mode r740-01 --mode sriov", { answer: "n" });
    assert.match(no.stdout, /01-ensureVfCount|Create 2 VFs/);
    assert.match(no.stderr, /nothing was changed/);
    assert.deepEqual(
      calls()
        .slice(before)
        .map(({ request }) => [request["validateOnly"], request["mode"]]),
      [[true, 2]],
    );
    const yes = await swy("host set-mode r740-01 --mode sriov --yes --request-id m1");
    assert.equal(yes.code, 0);
    assert.match(yes.stdout, /✓ succeeded/);
    assert.equal(lastRequest("setDatapathMode")?.["validateOnly"], false);
    assert.deepEqual(
      [lastRequest("applyPlan")?.["name"], lastRequest("applyPlan")?.["requestId"]],
      ["plans/p1", "m1.apply"],
    );
  });

  it("gives the host back to its profile, and knows no other mode", async () => {
    await swy("host set-mode r740-01 --mode profile --dry-run");
    assert.equal(lastRequest("setDatapathMode")?.["mode"], 0);
    const { code, stderr } = await swy("host set-mode r740-01 --mode legacy");
    assert.equal(code, 2);
    assert.match(stderr, /must be one of vdpa, sriov, profile/);
  });
});

describe("swy", () => {
  it("exits 2 on a line it does not understand, with one suggestion", async () => {
    const { code, stdout, stderr } = await swy("hots list");
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.equal(stderr, "error: unknown command 'hots'\n(Did you mean host?)\n");
    assert.equal((await swy("host list --nope")).code, 2);
    assert.equal((await swy("host list -o xml")).code, 2);
    assert.equal((await swy("host list --timeout soon")).code, 2);
  });

  it("exits 8 when nobody answers", async () => {
    const { code, stderr } = await runFake(["host", "list", "--address", "127.0.0.1:1"]);
    assert.equal(code, 8);
    assert.match(stderr, /^error: can't reach the controller at 127\.0\.0\.1:1\n/);
  });

  it("shows help on stdout and exits 0", async () => {
    const { code, stdout } = await swy("vm create --help");
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: swy vm create \[options\] <vm>/);
  });

  it("explains reasons and exit codes offline", async () => {
    const offline = { env: { SWY_ADDR: "127.0.0.1:1" } };
    const { stdout } = await swy("explain ESWITCH_FIRMWARE_TOO_OLD", offline);
    assert.match(stdout, /Update the firmware to 22\.39\.10\.02 or newer\./);
    assert.equal((await swy("explain NONSENSE", offline)).code, 3);
    assert.match((await swy("help exit-codes", offline)).stdout, /130 {2}interrupted/);
  });
});
