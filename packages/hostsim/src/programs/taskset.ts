import { note } from "../machine/act.ts";
import { failed, type Invoked, type Program, printed } from "./program.ts";

/** The VM whose vCPU the thread is: its threads follow its process id. */
function vmOfThread({ act: { machine } }: Invoked, thread: number) {
  for (const [pid, { qemu }] of machine.boot.processes) {
    if (qemu !== undefined && thread > pid && thread <= pid + qemu.options.vcpuCount) return qemu;
  }
  return undefined;
}

/** CPUs of a list; undefined where it is none. */
function parseList(text: string): readonly number[] | undefined {
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return undefined;
  return text.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  });
}

/** taskset(1), `-pc [list] thread`, for threads of vCPUs. */
export const taskset: Program = (invoked) => {
  const { act, args } = invoked;
  const [flags, first = "", second] = args;
  if (flags !== "-pc")
    return failed("Usage: taskset [options] [mask | cpu-list] [pid|cmd [args...]]");
  const thread = Number(second ?? first);
  const qemu = vmOfThread(invoked, thread);
  if (qemu === undefined) {
    return failed(`taskset: failed to get pid ${thread}'s affinity: No such process`);
  }
  const { cpu } = act.machine.spec;
  const cpuCount = cpu.threadsPerSocket * cpu.socketCount;
  const before = qemu.affinity.get(thread) ?? `0-${cpuCount - 1}`;
  const shown = `pid ${thread}'s current affinity list: ${before}\n`;
  if (second === undefined) return printed(shown);
  const cpus = parseList(first);
  if (cpus === undefined) return failed(`taskset: failed to parse CPU list: ${first}`);
  if (!cpus.some((each) => each < cpuCount)) {
    return failed(`taskset: failed to set pid ${thread}'s affinity: Invalid argument`);
  }
  qemu.affinity.set(thread, first);
  if (before !== first) note(act, `affinity of ${qemu.name} ${thread}`, { before, after: first });
  return printed(`${shown}pid ${thread}'s new affinity list: ${first}\n`);
};
