import { bridgeStack } from "../l2/forwarding.ts";
import { sourceFor } from "../l2/ip-stack.ts";
import { reachesManagement } from "../l2/management.ts";
import { parsePing, ping as sendPing } from "../l2/ping.ts";
import type { Machine } from "../machine/machine.ts";
import {
  isKnownModule,
  loadModule,
  moduleName,
  unloadModule,
  usersOf,
} from "../machine/modules.ts";
import { netdevsOf } from "../machine/netdev.ts";
import { emitQmp, endQemu } from "../machine/qemu.ts";
import { endDaemon, restartOvs, startOvs, stopOvs } from "../ovs/vswitchd.ts";
import { hasLibvirt } from "./libvirtd.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** modprobe(8): loads, or with `-r` removes, modules. */
export function modprobe({ machine, act, args }: Invoked): Ended {
  const names = args.filter((arg) => !arg.startsWith("-") && !arg.includes("=")).map(moduleName);
  const isRemoval = args.includes("-r") || args.includes("--remove");
  const isAll = args.includes("-a");
  for (const name of isAll || isRemoval ? names : names.slice(0, 1)) {
    if (!isKnownModule(machine, name)) {
      const folder = `/lib/modules/${machine.boot.kernel.release}`;
      return failed(`modprobe: FATAL: Module ${name} not found in directory ${folder}`);
    }
    if (!isRemoval) loadModule(act, name);
    else if (!unloadModule(act, name)) return failed(`modprobe: FATAL: Module ${name} is in use.`);
  }
  return printed("");
}

/** lsmod(8). */
export function lsmod({ machine }: Invoked): Ended {
  const rows = [...machine.boot.modules].map((name) => {
    const users = usersOf(machine, name);
    return `${name.padEnd(20)} 16384  ${users.length} ${users.join(",")}\n`;
  });
  return printed(`Module                  Size  Used by\n${rows.join("")}`);
}

/** uname(1): `-r`, `-n`, `-m`, `-s`, `-a`. */
export function uname({ machine, args }: Invoked): Ended {
  const { name } = machine.spec;
  const { release: kernelRelease } = machine.boot.kernel;
  const words: Record<string, string> = {
    "-r": kernelRelease,
    "-n": name,
    "-m": "x86_64",
    "-s": "Linux",
  };
  if (args.includes("-a")) {
    return printed(`Linux ${name} ${kernelRelease} #1 SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n`);
  }
  return printed(
    `${(args.length === 0 ? ["-s"] : args).map((arg) => words[arg] ?? "").join(" ")}\n`,
  );
}

export const hostname = ({ machine }: Invoked): Ended => printed(`${machine.spec.name}\n`);

export const dmesg = ({ machine }: Invoked): Ended =>
  printed(machine.boot.kernelLog.map((line) => `${line}\n`).join(""));

/** nmcli(1): NetworkManager leaves every device here alone already, so there is nothing to change. */
export const nmcli = (): Ended => printed("");

const SIGNALS: Readonly<Record<string, string>> = {
  "9": "KILL",
  "15": "TERM",
  "2": "INT",
  "0": "0",
};

function endProcessBySignal(invoked: Invoked, pid: number, signal: string): void {
  const { machine, act } = invoked;
  const process = machine.boot.processes.get(pid);
  if (process?.qemu !== undefined) {
    if (signal === "KILL") endQemu(act, pid, false);
    else {
      emitQmp(process.qemu, "SHUTDOWN", { guest: false, reason: "host-signal" });
      endQemu(act, pid, true);
    }
  } else endDaemon(act, pid);
}

/** kill(1): `-9`, `-KILL`, `-s KILL`, `-0`; a negative pid means its process group. */
export function kill(invoked: Invoked): Ended {
  const words = invoked.args.filter((arg) => arg !== "--");
  let signal = "TERM";
  const pids: number[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string; // at < words.length
    if (word === "-s") signal = (words[++at] ?? "").replace(/^SIG/, "");
    else if (word.startsWith("-") && at === 0) {
      const text = word.slice(1).replace(/^SIG/, "");
      signal = SIGNALS[text] ?? text;
    } else pids.push(Math.abs(Number(word)));
  }
  const missing = pids.find((pid) => !invoked.machine.boot.processes.has(pid));
  if (missing !== undefined) return failed(`kill: (${missing}) - No such process`);
  if (signal !== "0") for (const pid of pids) endProcessBySignal(invoked, pid, signal);
  return printed("");
}

const OVS_UNITS = ["openvswitch", "openvswitch-switch", "ovs-vswitchd", "ovsdb-server"];

/** systemctl(1) for Open vSwitch's unit; every other unit is active and can't be changed here. */
export function systemctl(invoked: Invoked): Ended {
  const { machine, act } = invoked;
  const [verb, unit = ""] = invoked.args.filter((arg) => !arg.startsWith("-"));
  const name = unit.replace(/\.service$/, "");
  const isOvs = OVS_UNITS.includes(name);
  const isLibvirt = name === "libvirtd" && hasLibvirt(machine);
  const isActive = isOvs
    ? machine.boot.vswitchd !== undefined
    : (isLibvirt && !machine.boot.isLibvirtDown) || name === "sshd";
  switch (verb) {
    case "is-active":
      return {
        exitCode: isActive ? 0 : 3,
        stdout: isActive ? "active\n" : "inactive\n",
        stderr: "",
      };
    case "start":
    case "restart":
    case "stop":
      if (isLibvirt) {
        machine.boot.isLibvirtDown = verb === "stop";
        return printed("");
      }
      if (!isOvs)
        return failed(`Failed to ${verb} ${unit}.service: Unit ${unit}.service not found.`, 5);
      if (verb === "start") startOvs(act);
      else if (verb === "stop") stopOvs(act);
      else restartOvs(act);
      return printed("");
    case "is-system-running":
      return printed("running\n");
    default:
      return printed("");
  }
}

/** Whether the management network's router is meant and in reach: it always answers then. */
const isGatewayReachable = (machine: Machine, target: string): boolean =>
  target === machine.spec.management.gateway && reachesManagement(machine);

function gatewayReplies(target: string, count: number): Ended {
  const lines = Array.from(
    { length: count },
    (_, at) => `64 bytes from ${target}: icmp_seq=${at + 1} ttl=64 time=0.210 ms\n`,
  );
  const totals = `${count} packets transmitted, ${count} received, 0% packet loss, time ${(count - 1) * 1000}ms`;
  return printed(
    `PING ${target} (${target}) 56(84) bytes of data.\n${lines.join("")}\n--- ${target} ping statistics ---\n${totals}\nrtt min/avg/max/mdev = 0.210/0.210/0.210/0.000 ms\n`,
  );
}

/** ping(8) from the host: by the bridge's own port that is named or has a route. */
export async function ping({ machine, args }: Invoked): Promise<Ended> {
  const options = parsePing(args);
  if ("error" in options) return failed(options.error, 2);
  if (isGatewayReachable(machine, options.target))
    return gatewayReplies(options.target, options.count);
  if (options.netdev !== undefined && !machine.boot.netdevs.has(options.netdev)) {
    return failed(`ping: unknown iface: ${options.netdev}`, 2);
  }
  const names = netdevsOf(machine, "internal").map(({ name }) => name);
  const stack = names
    .filter((name) => options.netdev === undefined || name === options.netdev)
    .flatMap((name) => bridgeStack(machine, name) ?? [])
    .find((candidate) => sourceFor(candidate, options.target) !== undefined);
  if (stack === undefined) return failed("ping: connect: Network is unreachable", 2);
  return sendPing({ machine, stack }, options);
}
