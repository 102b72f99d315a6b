import type { LineSocket } from "@switchyard/host";
import { isProgramMissing } from "../../machine/packages/packages.ts";
import { connectGuestAgent } from "../../sockets/guest-agent.ts";
import { connectQmp, type FinishAct } from "../../sockets/qmp.ts";
import { type Ended, failed, type Invoked, printed } from "../program.ts";
import {
  defineDomain,
  destroyDomain,
  findRunning,
  isDefined,
  listDefined,
  type Running,
  shutoffReason,
  startDomain,
  undefineDomain,
} from "./domains.ts";

/*
 * virsh(1) of libvirt's system instance: the commands that a VM's life needs. Source: libvirt
 * tools/virsh-domain.c and virsh-domain-monitor.c; texts from libvirt 9.0.
 */

const REPLY_TIMEOUT_MS = 5_000;

/** virsh puts `error: ` before each line of its own. */
const refused = (...lines: readonly string[]): Ended =>
  failed(lines.map((line) => `error: ${line}`).join("\n"));

const notRunning = (): Ended => refused("Requested operation is not valid: domain is not running");

/** Options before the command, those after it, and its words. */
function readWords(args: readonly string[]): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string; // at < args.length
    if (word === "-c" || word === "--connect" || word === "--mode" || word === "--timeout") at += 1;
    else if (!word.startsWith("-")) words.push(word);
  }
  return words;
}

function listDomains({ machine }: Invoked): Ended {
  const names = new Set([...listDefined(machine)]);
  const rows = [...names].sort().map((name) => {
    const running = findRunning(machine, name);
    return { id: running === undefined ? "-" : String(running.pid), name, state: stateOf(running) };
  });
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  const line = (id: string, name: string, state: string) =>
    ` ${id.padEnd(4)} ${name.padEnd(width)}   ${state}\n`;
  const body = rows.map(({ id, name, state }) => line(id, name, state)).join("");
  return printed(`${line("Id", "Name", "State")}${"-".repeat(width + 20)}\n${body}\n`);
}

const stateOf = (running: Running | undefined): string =>
  running === undefined ? "shut off" : running.qemu.status === "paused" ? "paused" : "running";

function domstate({ machine, args }: Invoked, name: string): Ended {
  const running = findRunning(machine, name);
  const state = stateOf(running);
  if (!args.includes("--reason")) return printed(`${state}\n`);
  const paused = state === "paused" ? "user" : "booted";
  return printed(`${state} (${running === undefined ? shutoffReason(machine, name) : paused})\n`);
}

function define(invoked: Invoked, path: string): Ended {
  const { machine, act } = invoked;
  if (!machine.files.isFile(path)) {
    return refused(`Failed to open file '${path}': No such file or directory`);
  }
  const defined = defineDomain(act, machine.files.read(path));
  return "refusal" in defined
    ? refused(`Failed to define domain from ${path}`, defined.refusal)
    : printed(`Domain '${defined.name}' defined from ${path}\n\n`);
}

function start(invoked: Invoked, name: string): Ended {
  const started = startDomain(invoked.act, name);
  return "refusal" in started
    ? refused(`Failed to start domain '${name}'`, started.refusal)
    : printed(`Domain '${name}' started\n\n`);
}

/** One exchange over a socket that the program opens for itself. */
async function exchange(socket: LineSocket, isAnswer: (line: string) => boolean) {
  try {
    for (;;) {
      const line = await socket.receive(REPLY_TIMEOUT_MS);
      if (line === undefined || isAnswer(line)) return line;
    }
  } finally {
    socket.close();
  }
}

const isReturn = (line: string): boolean => /^\{"(?:return|error)"/.test(line);

/** What a request changes belongs to this program. */
const finishInto =
  ({ act }: Invoked): FinishAct =>
  (other) => {
    act.changes.push(...other.changes);
  };

/** libvirt gives each command an id of its own, which the answer shows. @see libvirt src/qemu/qemu_monitor_json.c */
async function monitorCommand(invoked: Invoked, running: Running, text: string): Promise<Ended> {
  const socket = connectQmp(invoked.machine, running, finishInto(invoked));
  socket.send(JSON.stringify({ execute: "qmp_capabilities" }));
  const request = JSON.parse(text) as Record<string, unknown>;
  if ("id" in request) return refused("internal error: JSON object already has a key 'id'");
  socket.send(JSON.stringify({ ...request, id: "libvirt-21" }));
  const line = await exchange(socket, (each) => each.includes("libvirt-21"));
  return line === undefined
    ? refused("internal error: End of file from qemu monitor")
    : printed(`${line}\n\n`);
}

/** @see libvirt src/qemu/qemu_agent.c, qemuAgentCommandFull */
async function agentCommand(invoked: Invoked, running: Running, text: string): Promise<Ended> {
  const silent = "Guest agent is not responding: QEMU guest agent is not connected";
  if (running.qemu.options.guestAgentSocket === undefined) {
    return refused("argument unsupported: QEMU guest agent is not configured");
  }
  if (!running.qemu.guest.isBooted()) return refused(silent);
  const socket = connectGuestAgent(invoked.machine, running, finishInto(invoked));
  socket.send(text);
  const line = await exchange(socket, isReturn);
  if (line === undefined) return refused(silent);
  const answer = JSON.parse(line) as { readonly error?: { readonly desc: string } };
  if (answer.error === undefined) return printed(`${line}\n\n`);
  const command = (JSON.parse(text) as { readonly execute?: string }).execute;
  return refused(
    `internal error: unable to execute QEMU agent command '${command}': ${answer.error.desc}`,
  );
}

async function onRunning(invoked: Invoked, words: readonly string[]): Promise<Ended> {
  const [command = "", name = "", ...rest] = words;
  const { machine, act } = invoked;
  const running = findRunning(machine, name);
  if (running === undefined) return notRunning();
  const qmp = (execute: string) => monitorCommand(invoked, running, JSON.stringify({ execute }));
  switch (command) {
    case "shutdown":
      await qmp("system_powerdown");
      return printed(`Domain '${name}' is being shutdown\n\n`);
    case "destroy":
      destroyDomain(act, name);
      return printed(`Domain '${name}' destroyed\n\n`);
    case "reset":
      await qmp("system_reset");
      return printed(`Domain '${name}' was reset\n\n`);
    case "suspend":
      await qmp("stop");
      return printed(`Domain '${name}' suspended\n\n`);
    case "resume":
      await qmp("cont");
      return printed(`Domain '${name}' resumed\n\n`);
    case "qemu-monitor-command":
      return monitorCommand(invoked, running, rest.join(" "));
    case "qemu-agent-command":
      return agentCommand(invoked, running, rest.join(" "));
    default:
      return refused(`unknown command: '${command}'`);
  }
}

/** virsh(1). */
export async function virsh(invoked: Invoked): Promise<Ended> {
  const { machine, act } = invoked;
  const words = readWords(invoked.args);
  const [command = "", first = ""] = words;
  if (machine.boot.isLibvirtDown || isProgramMissing(machine, "libvirtd")) {
    const socket = "/var/run/libvirt/libvirt-sock";
    const why = `Failed to connect socket to '${socket}': No such file or directory`;
    return refused("failed to connect to the hypervisor", why);
  }
  if (command === "list") return listDomains(invoked);
  if (command === "define") return define(invoked, first);
  if (!isDefined(machine, first)) {
    const missing = `Domain not found: no domain with matching name '${first}'`;
    return refused(`failed to get domain '${first}'`, missing);
  }
  switch (command) {
    case "start":
      return start(invoked, first);
    case "domstate":
      return domstate(invoked, first);
    case "dumpxml":
      return printed(machine.files.read(`/etc/libvirt/qemu/${first}.xml`));
    case "undefine":
      undefineDomain(act, first);
      return printed(`Domain '${first}' has been undefined\n\n`);
    default:
      return onRunning(invoked, words);
  }
}
