import type { LineSocket } from "@switchyard/host";
import { type Act, startAct } from "../machine/act.ts";
import { hasVirtualization } from "../machine/bios.ts";
import type { Machine } from "../machine/machine.ts";
import { announce } from "../machine/migration.ts";
import type { Process } from "../machine/process.ts";
import { emitQmp, endQemu, type Qemu, type QmpEvent } from "../machine/qemu.ts";
import { createLineSocket } from "./line-queue.ts";
import { executeMigration, nodeNameOf } from "./qmp-migration.ts";
import { type Answer, answer, type Request, refuse } from "./qmp-words.ts";

/*
 * The QEMU machine protocol, as far as a VM's life needs it. Source: qemu/qemu qapi/, docs/interop/qmp-spec.
 */

const greeting = (machine: Machine): object => {
  const [major, minor, micro] = machine.spec.qemuVersion.split(".").map(Number);
  const version = {
    qemu: { micro, minor, major },
    package: `qemu-kvm-${machine.spec.qemuVersion}`,
  };
  return { QMP: { version, capabilities: ["oob"] } };
};

/** Finishes an operation begun by a request: hands on what it changed. */
export type FinishAct = (act: Act, source: string) => void;

interface Monitor {
  readonly machine: Machine;
  readonly process: Process & { readonly qemu: Qemu };
  readonly finish: FinishAct;
}

function inAct(monitor: Monitor, source: string, work: (act: Act) => void): void {
  const act = startAct(monitor.machine);
  work(act);
  monitor.finish(act, source);
}

/** The guest shuts down by itself a while after the button was pressed, if it heeds it. */
function powerDown(monitor: Monitor): void {
  const { machine, process } = monitor;
  const { boot } = machine;
  emitQmp(process.qemu, "POWERDOWN");
  if (!machine.spec.guestsHeedPowerdown || !process.qemu.guest.isBooted()) return;
  const end = () => {
    if (machine.boot !== boot || !boot.processes.has(process.pid)) return;
    emitQmp(process.qemu, "SHUTDOWN", { guest: true, reason: "guest-shutdown" });
    inAct(monitor, "guest shutdown", (act) => endQemu(act, process.pid, true));
  };
  void machine.clock.sleep(machine.spec.guestShutdownMs).then(end);
}

function quit(monitor: Monitor): void {
  const { pid, qemu } = monitor.process;
  emitQmp(qemu, "SHUTDOWN", { guest: false, reason: "host-qmp-quit" });
  queueMicrotask(() => inAct(monitor, "qmp quit", (act) => endQemu(act, pid, true)));
}

function setPaused(monitor: Monitor, isPaused: boolean): void {
  const { qemu } = monitor.process;
  // What waits for a guest, or has just stopped one for its last round, has nothing to run or to stop.
  if (qemu.status === "inmigrate" || qemu.status === "finish-migrate") return;
  if ((qemu.status === "paused") === isPaused && qemu.status !== "postmigrate") return;
  const hasArrived = qemu.status === "paused" && qemu.migration.status === "completed";
  qemu.status = isPaused ? "paused" : "running";
  emitQmp(qemu, isPaused ? "STOP" : "RESUME");
  if (hasArrived) announce(qemu);
}

function execute(monitor: Monitor, request: Request): Answer {
  const { qemu, pid } = monitor.process;
  switch (request.execute) {
    case "qmp_capabilities":
      return answer({});
    case "query-status":
      return answer({ status: qemu.status, running: qemu.status === "running" });
    case "query-name":
      return answer({ name: qemu.name });
    case "query-version":
      return answer((greeting(monitor.machine) as { QMP: { version: unknown } }).QMP.version);
    case "query-cpus-fast":
      return answer(
        Array.from({ length: qemu.options.vcpuCount }, (_, index) => ({
          "cpu-index": index,
          "thread-id": pid + 1 + index,
          "qom-path": `/machine/unattached/device[${index}]`,
          target: "x86_64",
        })),
      );
    case "query-rx-filter":
      return answer(qemu.guest.nics.map(({ mac }, at) => ({ name: `net${at}`, "main-mac": mac })));
    case "query-block":
      return answer(
        qemu.options.disks.map(({ path }, at) => ({
          device: `virtio${at}`,
          inserted: { file: path, "node-name": nodeNameOf(at) },
        })),
      );
    case "query-kvm":
      return answer({
        enabled: qemu.options.accelerator === "kvm",
        present: hasVirtualization(monitor.machine),
      });
    case "stop":
      setPaused(monitor, true);
      return answer({});
    case "cont":
      setPaused(monitor, false);
      return answer({});
    case "system_powerdown":
      powerDown(monitor);
      return answer({});
    case "system_reset":
      emitQmp(qemu, "RESET", { guest: false, reason: "host-qmp-system-reset" });
      return answer({});
    case "quit":
      quit(monitor);
      return answer({});
    case "device_del":
      return refuse("DeviceNotFound", `Device '${String(request.arguments?.["id"])}' not found`);
    case "device_add":
      return refuse("GenericError", "Bus 'pcie.0' does not support hotplugging");
    default: {
      const { machine, process } = monitor;
      const place = { machine, boot: machine.boot, pid: process.pid, qemu };
      return (
        executeMigration(place, request) ??
        refuse("CommandNotFound", `The command ${request.execute} has not been found`)
      );
    }
  }
}

function parseRequest(line: string): Request | undefined {
  try {
    return JSON.parse(line) as Request;
  } catch {
    return undefined;
  }
}

/** Opens one monitor connection to a running VM. */
export function connectQmp(
  machine: Machine,
  process: Process & { readonly qemu: Qemu },
  finish: FinishAct,
): LineSocket {
  const { qemu } = process;
  const monitor: Monitor = { machine, process, finish };
  let isNegotiated = false;
  const onLine = (line: string) => {
    const request = parseRequest(line);
    const id = request?.id === undefined ? {} : { id: request.id };
    const send = (result: Answer) => {
      const body = "value" in result ? { return: result.value } : { error: result };
      peer.push(JSON.stringify({ ...body, ...id }));
    };
    if (request === undefined)
      return send(refuse("GenericError", "JSON parse error, invalid keyword"));
    if (request.execute === "qmp_capabilities") isNegotiated = true;
    if (!isNegotiated) {
      const desc = "Expecting capabilities negotiation with 'qmp_capabilities'";
      return send(refuse("CommandNotFound", desc));
    }
    return send(execute(monitor, request));
  };
  const onEvent = ({ event, data }: QmpEvent) => {
    const now = machine.clock.nowMs();
    const timestamp = {
      seconds: Math.floor(now / 1000),
      microseconds: Math.floor(now % 1000) * 1000,
    };
    if (isNegotiated) peer.push(JSON.stringify({ timestamp, event, data }));
  };
  const onClose = () => {
    qemu.listeners.delete(onEvent);
    qemu.closers.delete(peer.end);
  };
  const { socket, peer } = createLineSocket(machine.clock, { onLine, onClose });
  qemu.listeners.add(onEvent);
  qemu.closers.add(peer.end);
  peer.push(JSON.stringify(greeting(machine)));
  return socket;
}
