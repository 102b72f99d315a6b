// Proves by hand that a lab host can do all that the agent will ask of it, without any of
// Switchyard's own code in it: `node integration-tests/lab/prove.ts [--captures] [--directory DIR]`.
// Exit code 0 says that two VMs on vDPA pinged each other through Open vSwitch, and stopped doing so
// when a representor left the bridge.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  addVdpaDevices,
  BRIDGE,
  BRIDGE_CIDR,
  bindVdpaDriver,
  makeBridge,
  makeVirtualFunctions,
  tearDownByHand,
} from "./by-hand.ts";
import { openCaptureBook } from "./captures.ts";
import { type LabHost, LabHostError, startLabHost } from "./lab-host.ts";
import { type NestedVm, startNestedVm } from "./nested-vm.ts";
import { preparePayload } from "./payload.ts";

const BRIDGE_ADDRESS = BRIDGE_CIDR.split("/")[0] ?? "";
const VM_ADDRESSES = ["192.168.101.20", "192.168.101.21"] as const;
const VM_BOOT_TIMEOUT_MS = 600_000;
const CALL_HOME_TIMEOUT_MS = 60_000;
const PING_COUNT = "3";

/** Long enough for the first packets to have made flows, even when this machine is busy. */
const CAPTURE_TRAFFIC_LEAD_MS = 8_000;
const CAPTURE_TIMEOUT_MS = 300_000;

const { values: flags } = parseArgs({
  options: { captures: { type: "boolean", default: false }, directory: { type: "string" } },
});

const payloadDirectory = await mkdtemp(join(tmpdir(), "switchyard-payload-"));
await preparePayload(payloadDirectory, {});
const host = await startLabHost({
  payloadDirectory,
  reachesOuterMachine: true,
  report: (line) => process.stdout.write(`${line}\n`),
  ...(flags.directory !== undefined && { directory: flags.directory }),
});
try {
  const say = (what: string) =>
    process.stdout.write(`${host.uptimeSeconds().toFixed(1).padStart(6)} s  ${what}\n`);
  await prove(host, say);
  say("proved");
} finally {
  await host.stop();
  await rm(payloadDirectory, { recursive: true });
}

async function prove(lab: LabHost, say: (what: string) => void): Promise<void> {
  say(`lab host ready: ${lab.paths.directory}`);
  const book = flags.captures ? await openCaptureBook(lab) : undefined;
  await book?.saveFactory();
  await callHome(lab);
  say("Node runs from the payload, reached this machine, and its log is seen outside");
  await makeVirtualFunctions(lab);
  say("2 VFs, switchdev");
  await bindVdpaDriver(lab);
  await book?.saveVdpaAdditions();
  await addVdpaDevices(lab);
  say("vDPA devices");
  await makeBridge(lab);
  say("bridge with uplink and representors, hw-offload on");
  const vms = await startVms(lab);
  say("VMs started");
  await Promise.all(vms.map((vm) => vm.waitUntilReady(VM_BOOT_TIMEOUT_MS)));
  say("VMs up");
  await configureVms(vms);
  say("VMs have addresses");
  const [first] = vms;
  if (first === undefined) throw new LabHostError("no VM");
  await expectPing(first, VM_ADDRESSES[1], true);
  await expectPing(first, BRIDGE_ADDRESS, true);
  say("VM to VM and VM to bridge: 0 % loss");
  if (book !== undefined) {
    const traffic = first.run(["ping", "-c", "60", VM_ADDRESSES[1]], CAPTURE_TIMEOUT_MS);
    await sleep(CAPTURE_TRAFFIC_LEAD_MS);
    await book.saveWired();
    await traffic;
    say("captures saved");
  }
  await lab.output(["ovs-vsctl", "del-port", BRIDGE, "rep1"]);
  await expectPing(first, VM_ADDRESSES[1], false);
  say("representor removed: 100 % loss");
  await tearDown(lab, vms);
  say("torn down");
}

/** What the agent needs of its surroundings: Node, a way to the controller, a log seen outside. */
async function callHome(lab: LabHost): Promise<void> {
  const server = createServer((socket) => socket.end("hello from outside\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new LabHostError("no port");
  const script = `require("net").connect(${address.port},"10.0.2.2").pipe(process.stdout)`;
  const caller = await lab.spawn(["/payload/node", "-e", script], { log: "caller.log" });
  const deadline = performance.now() + CALL_HOME_TIMEOUT_MS;
  while (!(await readFile(caller.logFile, "utf8")).includes("hello from outside")) {
    if (performance.now() > deadline) throw new LabHostError("the payload's Node said nothing");
    await sleep(500);
  }
  await caller.stop();
  server.close();
}

function startVms(lab: LabHost): Promise<readonly NestedVm[]> {
  return Promise.all(
    lab.topology.vfs.map(({ index, mac }) =>
      startNestedVm(lab, { name: `vm${index}`, vhostDevice: `/dev/vhost-vdpa-${index}`, mac }),
    ),
  );
}

async function configureVms(vms: readonly NestedVm[]): Promise<void> {
  for (const [index, vm] of vms.entries()) {
    await vm.run(["ip", "address", "add", `${VM_ADDRESSES[index]}/24`, "dev", "eth0"]);
    await vm.run(["ip", "link", "set", "eth0", "up"]);
  }
}

async function expectPing(vm: NestedVm, address: string, isExpected: boolean): Promise<void> {
  const { stdout, stderr } = await vm.run(["ping", "-c", PING_COUNT, "-W", "5", address]);
  const loss = isExpected ? " 0% packet loss" : " 100% packet loss";
  if (!stdout.includes(loss)) {
    throw new LabHostError(`${vm.name} to ${address}: expected${loss}\n${stdout}${stderr}`);
  }
}

async function tearDown(lab: LabHost, vms: readonly NestedVm[]): Promise<void> {
  for (const vm of vms) await vm.stop();
  await tearDownByHand(lab);
}
