import { hasVirtualization } from "../machine/bios.ts";
import { cpuLoad, processTicks, TICKS_PER_SECOND, uptimeSeconds } from "../machine/load.ts";
import type { Machine } from "../machine/machine.ts";
import { hugepageBytes } from "../machine/memory.ts";
import { usersOf } from "../machine/modules.ts";
import { type Process, virtualMachines } from "../machine/process.ts";
import { fixedFile, folder, link, type Node } from "./node.ts";

/** Memory in use without any VM. */
const BASE_MEMORY_BYTES = 6 * 1024 ** 3;

/** One text per processor shape; hosts of a fleet share it. */
const cpuinfoTexts = new Map<string, string>();

function cpuinfo(machine: Machine): string {
  const { modelName, socketCount, threadsPerSocket } = machine.spec.cpu;
  const flags = `fpu vme msr sse sse2 ht avx2 avx512f${hasVirtualization(machine) ? " vmx ept" : ""}${machine.spec.virtualization === "none" ? "" : " hypervisor"}`;
  const key = [modelName, socketCount, threadsPerSocket, flags].join();
  const known = cpuinfoTexts.get(key);
  if (known !== undefined) return known;
  const count = socketCount * threadsPerSocket;
  const text = Array.from({ length: count }, (_, thread) => {
    const socket = thread % socketCount;
    const core = Math.floor(thread / socketCount) % Math.max(1, threadsPerSocket / 2);
    return (
      `processor\t: ${thread}\nvendor_id\t: GenuineIntel\nmodel name\t: ${modelName}\n` +
      `physical id\t: ${socket}\nsiblings\t: ${threadsPerSocket}\ncore id\t\t: ${core}\n` +
      `cpu cores\t: ${threadsPerSocket / 2}\nflags\t\t: ${flags}\n\n`
    );
  }).join("");
  cpuinfoTexts.set(key, text);
  return text;
}

function meminfo(machine: Machine): string {
  const used = virtualMachines(machine).reduce((sum, { options }) => sum + options.memoryBytes, 0);
  const total = machine.spec.memoryBytes;
  const free = Math.max(0, total - BASE_MEMORY_BYTES - hugepageBytes(machine) - used);
  const line = (name: string, bytes: number) =>
    `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(9)} kB\n`;
  return line("MemTotal", total) + line("MemFree", free) + line("MemAvailable", free);
}

function stat(machine: Machine): string {
  const { socketCount, threadsPerSocket } = machine.spec.cpu;
  const threads = socketCount * threadsPerSocket;
  const total = uptimeSeconds(machine) * TICKS_PER_SECOND * threads;
  const load = cpuLoad(machine);
  const ticks = (seconds: number) => Math.floor(seconds * TICKS_PER_SECOND);
  const [user, system, softirq] = [ticks(load.user), ticks(load.system), ticks(load.softirq)];
  const idle = Math.max(0, Math.floor(total) - user - system - softirq);
  const fields = (share: number) =>
    [user, 0, system, idle, 0, 0, softirq, 0, ticks(load.guest), 0]
      .map((value) => Math.floor(value / share))
      .join(" ");
  const each = Array.from({ length: threads }, (_, at) => `cpu${at} ${fields(threads)}\n`).join("");
  const bootTime = Math.floor(machine.boot.startedAtMs / 1000);
  return `cpu  ${fields(1)}\n${each}btime ${bootTime}\nprocesses ${machine.boot.nextPid}\n`;
}

const modules = (machine: Machine): string =>
  [...machine.boot.modules]
    .map((name) => {
      const users = usersOf(machine, name);
      const list = users.length === 0 ? "-" : `${users.join(",")},`;
      return `${name} 16384 ${users.length} ${list} Live 0x0000000000000000\n`;
    })
    .join("");

/** @see proc_pid_mounts(5) */
const mounts = (machine: Machine): string =>
  [...machine.boot.mounts]
    .map(
      ([path, { device, type }]) =>
        `${device} ${path} ${type} rw,nosuid,nodev,noexec,relatime 0 0\n`,
    )
    .join("");

/** Field 22 is the start time in ticks since the boot. Source: proc(5) */
function processStat(machine: Machine, process: Process): string {
  const ticks = processTicks(machine, process);
  const start = Math.floor(
    ((process.startedAtMs - machine.boot.startedAtMs) / 1000) * TICKS_PER_SECOND,
  );
  const { pid, name } = process;
  const before = `${pid} (${name.slice(0, 15)}) S 1 ${pid} ${pid} 0 -1 4194624 0 0 0 0`;
  return `${before} ${ticks} ${Math.floor(ticks / 4)} 0 0 20 0 1 0 ${start} 0 0\n`;
}

/** Threads of QEMU: its own, and one for each vCPU, which do the work. */
function threadFolders(machine: Machine, process: Process): Node {
  const { pid, name, qemu } = process;
  const vcpus = qemu?.options.vcpuCount ?? 0;
  const share = (ticks: number) => (vcpus === 0 ? ticks : Math.floor(ticks / vcpus));
  const thread = (tid: number, called: string, ticks: number) =>
    [
      String(tid),
      () =>
        folder(() => ({
          stat: fixedFile(
            () =>
              `${tid} (${called}) S 1 ${pid} ${pid} 0 -1 4194624 0 0 0 0 ${ticks} 0 0 0 20 0 ${1 + vcpus} 0 0 0 0\n`,
          ),
        })),
    ] as const;
  return folder(() => {
    const each = share(processTicks(machine, process));
    const own = thread(pid, name.slice(0, 15), vcpus === 0 ? each : 0);
    const workers = Array.from({ length: vcpus }, (_, at) =>
      thread(pid + 1 + at, `CPU ${at}/KVM`, each),
    );
    return Object.fromEntries([own, ...workers]);
  });
}

/** @see proc_pid_limits(5) */
function processLimits({ qemu }: Process): string {
  const limit = qemu?.memoryLockBytes ?? Number.POSITIVE_INFINITY;
  const shown = Number.isFinite(limit) ? String(limit) : "unlimited";
  const row = (name: string, value: string, units: string) =>
    `${name.padEnd(26)}${value.padEnd(21)}${value.padEnd(21)}${units.padEnd(10)}\n`;
  return `${"Limit".padEnd(26)}${"Soft Limit".padEnd(21)}${"Hard Limit".padEnd(21)}Units     \n${row("Max locked memory", shown, "bytes")}`;
}

/** Above every process id that a boot gives out. */
const FIRST_STUCK_PID = 4_000_000;

/**
 * Programs whose removal of a vDPA device waits in the kernel. They are not among the machine's processes,
 * because nothing can end them.
 */
function stuckFolders(machine: Machine): Readonly<Record<string, () => Node>> {
  const folders = [...machine.boot.stuck].map((_device, at) => {
    const pid = FIRST_STUCK_PID + at;
    const stat = `${pid} (vdpa) D 1 ${pid} ${pid} 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n`;
    const files = () =>
      folder(() => ({
        cmdline: fixedFile(() => "vdpa\0dev\0del\0"),
        comm: fixedFile(() => "vdpa\n"),
        fd: () => folder(() => ({})),
        stat: fixedFile(() => stat),
        wchan: fixedFile(() => "vhost_vdpa_remove"),
      }));
    return [String(pid), files] as const;
  });
  return Object.fromEntries(folders);
}

function processFolder(machine: Machine, process: Process): Node {
  const { pid, name, argv, qemu } = process;
  const memoryKib = Math.floor((qemu?.options.memoryBytes ?? 8 * 1024 ** 2) / 1024);
  const files = (qemu?.minors ?? []).map(
    (minor, at) => [String(20 + at), link(`/dev/vhost-vdpa-${minor}`)] as const,
  );
  return folder(() => ({
    cmdline: fixedFile(() => argv.map((word) => `${word}\0`).join("")),
    comm: fixedFile(() => `${name.slice(0, 15)}\n`),
    fd: () => folder(() => Object.fromEntries(files)),
    limits: fixedFile(() => processLimits(process)),
    stat: fixedFile(() => processStat(machine, process)),
    task: () => threadFolders(machine, process),
    status: fixedFile(
      () =>
        `Name:\t${name.slice(0, 15)}\nState:\tS (sleeping)\nTgid:\t${pid}\nPid:\t${pid}\nPPid:\t1\n` +
        `Uid:\t0\t0\t0\t0\nVmRSS:\t${memoryKib} kB\nThreads:\t${qemu?.options.vcpuCount ?? 1}\n`,
    ),
  }));
}

/** `/proc`. */
export const proc = (machine: Machine): Node =>
  folder(() => ({
    cmdline: fixedFile(() => `${machine.boot.kernel.commandLine}\n`),
    cpuinfo: fixedFile(() => cpuinfo(machine)),
    loadavg: fixedFile(() => "0.42 0.40 0.38 1/900 4242\n"),
    meminfo: fixedFile(() => meminfo(machine)),
    modules: fixedFile(() => modules(machine)),
    mounts: fixedFile(() => mounts(machine)),
    stat: fixedFile(() => stat(machine)),
    sys: () =>
      folder(() => ({
        kernel: () =>
          folder(() => ({
            hostname: fixedFile(() => `${machine.spec.name}\n`),
            osrelease: fixedFile(() => `${machine.boot.kernel.release}\n`),
            random: () => folder(() => ({ boot_id: fixedFile(() => `${machine.boot.id}\n`) })),
          })),
      })),
    uptime: fixedFile(() => `${uptimeSeconds(machine).toFixed(2)} 0.00\n`),
    version: fixedFile(() => `Linux version ${machine.boot.kernel.release}\n`),
    ...Object.fromEntries(
      [...machine.boot.processes.values()].map((process) => [
        String(process.pid),
        () => processFolder(machine, process),
      ]),
    ),
    ...stuckFolders(machine),
  }));
