import type { LineSocket } from "@switchyard/host";
import { runInGuest } from "../guest/shell.ts";
import { startAct } from "../machine/act.ts";
import type { Guest, GuestExecResult } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";
import type { Process } from "../machine/process.ts";
import { emitQmp, endQemu, type Qemu } from "../machine/qemu.ts";
import { createLineSocket } from "./line-queue.ts";
import type { FinishAct } from "./qmp.ts";

/*
 * The QEMU guest agent: one JSON object per line. Source: qemu/qemu qga/qapi-schema.json
 */

interface Request {
  readonly execute?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

interface Running {
  readonly process: Process & { readonly qemu: Qemu };
  readonly machine: Machine;
  readonly finish: FinishAct;
}

type Answer = { readonly return: unknown } | { readonly error: { class: string; desc: string } };

/** Results of guest-exec kept until they are asked for; more means the caller never asks. */
const RESULTS_MAX = 256;

/** A program that takes no longer is at its end when its pid is told. */
const SPAWN_MS = 1;

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");
const refuse = (desc: string, errorClass = "GenericError"): Answer => ({
  error: { class: errorClass, desc },
});

/** Starts a program in the guest and hands out its pid at once; the result is fetched later. */
async function exec(running: Running, request: Request): Promise<Answer> {
  const { guest } = running.process.qemu;
  const path = String(request.arguments?.["path"] ?? "");
  const given = request.arguments?.["arg"];
  const args = Array.isArray(given) ? given.map(String) : [];
  if (path === "") return refuse("Failed to execute child process (No such file or directory)");
  const pid = guest.nextPid;
  guest.nextPid += 1;
  const ended = runInGuest(running.machine, guest, [path, ...args]).then((result) => {
    guest.results.set(pid, result);
    const oldest = guest.results.keys().next().value;
    if (guest.results.size > RESULTS_MAX && oldest !== undefined) guest.results.delete(oldest);
  });
  await Promise.race([ended, running.machine.clock.sleep(SPAWN_MS)]);
  return { return: { pid } };
}

function execStatus(guest: Guest, request: Request): Answer {
  const pid = Number(request.arguments?.["pid"]);
  if (!(pid < guest.nextPid)) {
    return refuse(`Invalid parameter 'pid'`);
  }
  const result: GuestExecResult | undefined = guest.results.get(pid);
  if (result === undefined) return { return: { exited: false } };
  guest.results.delete(pid);
  const { exitCode, stdout, stderr } = result;
  return {
    return: {
      exited: true,
      exitcode: exitCode,
      ...(stdout === "" ? {} : { "out-data": base64(stdout) }),
      ...(stderr === "" ? {} : { "err-data": base64(stderr) }),
    },
  };
}

function interfaces(guest: Guest): Answer {
  const loopback = {
    name: "lo",
    "hardware-address": "00:00:00:00:00:00",
    "ip-addresses": [{ "ip-address-type": "ipv4", "ip-address": "127.0.0.1", prefix: 8 }],
  };
  const nics = guest.nics.map((nic) => ({
    name: nic.name,
    "hardware-address": nic.mac,
    "ip-addresses": nic.addresses.map((cidr) => {
      const [address, prefix] = cidr.split("/");
      return { "ip-address-type": "ipv4", "ip-address": address, prefix: Number(prefix) };
    }),
  }));
  return { return: [loopback, ...nics] };
}

function shutDown({ machine, process, finish }: Running): void {
  queueMicrotask(() => {
    const act = startAct(machine);
    emitQmp(process.qemu, "SHUTDOWN", { guest: true, reason: "guest-shutdown" });
    endQemu(act, process.pid, true);
    finish(act, "guest-shutdown");
  });
}

/** File systems of a guest. */
const FILE_SYSTEMS = 2;
/** @see qemu/qemu qga/main.c, ga_freeze_allowlist */
const WHILE_FROZEN: readonly string[] = [
  "guest-ping",
  "guest-info",
  "guest-sync",
  "guest-sync-delimited",
  "guest-fsfreeze-status",
  "guest-fsfreeze-thaw",
];

async function execute(running: Running, request: Request): Promise<Answer | undefined> {
  const { guest } = running.process.qemu;
  if (guest.isFrozen === true && !WHILE_FROZEN.includes(request.execute ?? "")) {
    return refuse(`Command ${request.execute} has been disabled: the agent is in frozen state`);
  }
  switch (request.execute) {
    case "guest-fsfreeze-freeze":
      guest.isFrozen = true;
      return { return: FILE_SYSTEMS };
    case "guest-fsfreeze-thaw": {
      const thawed = guest.isFrozen === true ? FILE_SYSTEMS : 0;
      guest.isFrozen = false;
      return { return: thawed };
    }
    case "guest-fsfreeze-status":
      return { return: guest.isFrozen === true ? "frozen" : "thawed" };
    case "guest-ping":
      return { return: {} };
    case "guest-sync":
    case "guest-sync-delimited":
      return { return: request.arguments?.["id"] };
    case "guest-info":
      return { return: { version: running.machine.spec.qemuVersion, supported_commands: [] } };
    case "guest-exec":
      return exec(running, request);
    case "guest-exec-status":
      return execStatus(guest, request);
    case "guest-network-get-interfaces":
      return interfaces(guest);
    case "guest-get-host-name":
      return { return: { "host-name": guest.hostname } };
    case "guest-get-osinfo":
      return {
        return: {
          id: "rocky",
          name: "Rocky Linux",
          "pretty-name": "Rocky Linux 9.4 (Blue Onyx)",
          "version-id": "9.4",
          "kernel-release": running.machine.spec.kernelRelease,
        },
      };
    case "guest-shutdown":
      shutDown(running);
      return undefined;
    default:
      return refuse(`The command ${request.execute} has not been found`, "CommandNotFound");
  }
}

function parseRequest(line: string): Request | undefined {
  try {
    return JSON.parse(line.replaceAll("\u00ff", "")) as Request;
  } catch {
    return undefined;
  }
}

/** Opens the guest agent's channel. Nothing answers before the guest has booted, as with a real one. */
export function connectGuestAgent(
  machine: Machine,
  process: Process & { readonly qemu: Qemu },
  finish: FinishAct,
): LineSocket {
  const { qemu } = process;
  const running: Running = { machine, process, finish };
  const onLine = async (line: string) => {
    if (!qemu.guest.isBooted() || qemu.status !== "running") return;
    const request = parseRequest(line);
    if (request === undefined) {
      peer.push(JSON.stringify(refuse("Invalid JSON syntax")));
      return;
    }
    const result = await execute(running, request);
    if (result === undefined) return;
    const mark = request.execute === "guest-sync-delimited" ? "\u00ff" : "";
    peer.push(`${mark}${JSON.stringify(result)}`);
  };
  const { socket, peer } = createLineSocket(machine.clock, {
    onLine: (line) => void onLine(line),
    onClose: () => qemu.closers.delete(peer.end),
  });
  qemu.closers.add(peer.end);
  return socket;
}
