export interface CpuInfo {
  readonly modelName: string;
  readonly socketCount: number;
  readonly threadCount: number;
  /** Intel VT-x or AMD-V is there and not switched off in BIOS. */
  readonly hasVirtualization: boolean;
}

export interface OsRelease {
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly prettyName: string;
}

export interface ProcessStat {
  readonly pid: number;
  /** One letter; `Z` is a process that ended and was not waited for. */
  readonly state: string;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number;
  /** Ticks from boot to its start; with the pid it names a process for good. */
  readonly startTicks: number;
}

/** @see torvalds/linux arch/x86/kernel/cpu/proc.c */
export function parseCpuInfo(text: string): CpuInfo {
  const fields = [...text.matchAll(/^([^:\n]*?)[ \t]*:[ \t]*(.*)$/gm)];
  const valuesOf = (key: string) => fields.filter((field) => field[1] === key).map((f) => f[2]);
  const flags = valuesOf("flags")[0]?.split(" ") ?? [];
  return {
    modelName: valuesOf("model name")[0] ?? "unknown",
    socketCount: Math.max(1, new Set(valuesOf("physical id")).size),
    threadCount: valuesOf("processor").length,
    hasVirtualization: flags.includes("vmx") || flags.includes("svm"),
  };
}

/** MemTotal in bytes. @see proc_meminfo(5): its kB are KiB */
export function parseMemoryBytes(text: string): number {
  return Number(/^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** @see os-release(5) */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map(
    [...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map((match) => [match[1], unquote(match[2] ?? "")]),
  );
  const id = fields.get("ID") ?? "linux";
  return {
    id,
    idLike: (fields.get("ID_LIKE") ?? "").split(" ").filter((each) => each !== ""),
    versionId: fields.get("VERSION_ID") ?? "",
    prettyName: fields.get("PRETTY_NAME") ?? id,
  };
}

const unquote = (text: string): string =>
  text.replace(/^(["'])(.*)\1$/, "$2").replace(/\\([\\"$`])/g, "$1");

/** Ticks in which any CPU was not idle and not waiting for disks. @see proc_stat(5) */
export function parseBusyTicks(text: string): number {
  const columns = /^cpu +(.*)$/m.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = columns;
  return user + nice + system + irq + softirq + steal;
}

/**
 * The command's name stands in parentheses and may hold spaces and parentheses itself, so fields are
 * counted from the last one.
 *
 * @see proc_pid_stat(5)
 */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const close = text.lastIndexOf(")");
  const pid = Number.parseInt(text, 10);
  if (close < 0 || Number.isNaN(pid)) return undefined;
  const fields = text.slice(close + 2).split(" ");
  const field = (number: number) => Number(fields[number - FIELDS_BEFORE_STATE]);
  return {
    pid,
    state: fields[0] ?? "",
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
  };
}

/** proc_pid_stat(5) counts from 1; state is field 3. */
const FIELDS_BEFORE_STATE = 3;

/** Modes of CPU time, in the order of `/proc/stat`. @see proc_stat(5) */
export const CPU_MODES = [
  "user",
  "nice",
  "system",
  "idle",
  "iowait",
  "irq",
  "softirq",
  "steal",
] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/**
 * Ticks of all CPUs together by mode, and the second of the boot since 1970; time in guests is part of `user`.
 *
 * @see proc_stat(5)
 */
export function parseCpuTimes(text: string): {
  readonly ticks: readonly (readonly [CpuMode, number])[];
  readonly bootTimeSeconds: number | undefined;
} {
  const columns = /^cpu +(.*)$/m.exec(text)?.[1]?.split(" ").map(Number) ?? [];
  const boot = /^btime (\d+)$/m.exec(text)?.[1];
  return {
    ticks: CPU_MODES.flatMap((mode, at) => {
      const ticks = columns[at];
      return ticks === undefined ? [] : [[mode, ticks] as const];
    }),
    bootTimeSeconds: boot === undefined ? undefined : Number(boot),
  };
}

/** A line of `/proc/meminfo` in bytes; undefined where there is none. @see proc_meminfo(5): its kB are KiB */
export function parseMeminfo(text: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** Name of a thread as it stands in its `stat`, without parentheses. @see proc_pid_stat(5) */
export const parseThreadName = (text: string): string =>
  text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
