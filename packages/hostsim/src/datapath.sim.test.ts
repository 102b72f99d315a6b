import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  devlinkEswitchSet,
  ipAddressAdd,
  ipLinkSet,
  modprobe,
  ovsAddBridge,
  ovsAddPort,
  ovsCtlStart,
  qemuVdpa,
  vdpaDevAdd,
  vmPaths,
} from "@switchyard/model";
import { createSimFleet } from "./fleet.ts";
import type { SimHost } from "./sim-host.ts";

const PF = "0000:82:00.0";

async function run(host: SimHost, argv: readonly string[]): Promise<string> {
  const result = await host.run({ argv: argv as readonly [string, ...string[]] });
  assert.equal(result.exitCode, 0, `${argv.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

async function prepare(host: SimHost, macs: readonly string[]): Promise<void> {
  await run(host, modprobe("vhost_vdpa"));
  await run(host, modprobe("mlx5_vdpa"));
  await run(host, devlinkEswitchSet(`pci/${PF}`, "switchdev"));
  await host.writeFile(`/sys/bus/pci/devices/${PF}/sriov_numvfs`, String(macs.length));
  for (const [index, mac] of macs.entries()) {
    const mgmtdev = `pci/0000:82:00.${2 + index}`;
    await run(host, vdpaDevAdd({ name: `vdpa${index}`, mgmtdev, mac, maxVqp: 16 }));
  }
  await run(host, ovsCtlStart());
  await run(host, ovsAddBridge("cxbr0"));
  for (const port of ["enp130s0f0np0", ...macs.map((_, index) => `eth${index}`)]) {
    await run(host, ovsAddPort("cxbr0", port));
    await run(host, ipLinkSet(port, "up"));
  }
  await run(host, ipLinkSet("cxbr0", "up"));
}

async function startVm(host: SimHost, vm: string, index: number, mac: string): Promise<void> {
  await host.makeFolder(vmPaths(vm).folder);
  await run(
    host,
    qemuVdpa({
      vm,
      accelerator: "kvm",
      vcpuCount: 16,
      memoryBytes: 32 * 1024 ** 3,
      boot: {
        kind: "disk",
        path: `/root/downloads/rocky9-vhost-vdpa-${index}.qcow2`,
        format: "qcow2",
      },
      vhostPath: `/dev/vhost-vdpa-${index}`,
      queuePairs: 16,
      mac,
      hasGuestAgent: true,
    }),
  );
}

async function inGuest(host: SimHost, vm: string, path: string, arg: readonly string[]) {
  const socket = await host.connectSocket(vmPaths(vm).guestAgentSocket);
  const ask = async (request: object) => {
    socket.send(JSON.stringify(request));
    return JSON.parse((await socket.receive(1000)) ?? "{}") as { return: Record<string, unknown> };
  };
  const started = await ask({
    execute: "guest-exec",
    arguments: { path, arg, "capture-output": true },
  });
  const { pid } = started.return as { pid: number };
  let status = await ask({ execute: "guest-exec-status", arguments: { pid } });
  while (status.return["exited"] === false) {
    status = await ask({ execute: "guest-exec-status", arguments: { pid } });
  }
  socket.close();
  const text = Buffer.from(String(status.return["out-data"] ?? ""), "base64").toString();
  return { exitCode: status.return["exitcode"] as number, text };
}

describe("the seed procedure on two simulated hosts", () => {
  it("lets two VMs on different hosts answer each other's ping", async () => {
    const fleet = createSimFleet({ hosts: 2, seed: 1 });
    const [left, right] = fleet.hosts as [SimHost, SimHost];
    await prepare(left, ["52:54:00:cb:45:11"]);
    await prepare(right, ["52:54:00:cb:45:22"]);
    await run(left, ipAddressAdd("cxbr0", "192.168.101.2/24"));
    await startVm(left, "a", 0, "52:54:00:cb:45:11");
    await startVm(right, "b", 0, "52:54:00:cb:45:22");
    for (const [host, vm, cidr] of [
      [left, "a", "192.168.101.20/24"],
      [right, "b", "192.168.101.21/24"],
    ] as const) {
      assert.equal(
        (await inGuest(host, vm, "ip", ["addr", "add", cidr, "dev", "eth0"])).exitCode,
        0,
      );
      assert.equal((await inGuest(host, vm, "ip", ["link", "set", "eth0", "up"])).exitCode, 0);
    }
    const reply = await inGuest(left, "a", "ping", ["-c", "3", "192.168.101.21"]);
    assert.match(reply.text, /3 packets transmitted, 3 received, 0% packet loss/);
    assert.equal(reply.exitCode, 0);
    const toBridge = await inGuest(right, "b", "ping", ["-c", "3", "192.168.101.2"]);
    assert.match(toBridge.text, /3 received/);
    const fromHost = await run(left, ["ping", "-I", "cxbr0", "-c", "2", "192.168.101.21"]);
    assert.match(fromHost, /2 received/);
  });
});
