import { emptyFile, VM_END_CHARACTERS_MAX, type VmEnd, vmPaths } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { readFileSize } from "../artefact/artefact.ts";
import { readKernelLog } from "../dmesg/dmesg.ts";
import { runChecked } from "../tool.ts";

/** Of QEMU's standard error this much is looked at, from its end. */
const TAIL_BYTES = 4096;
/** A QEMU that goes on complaining fills no memory. */
const LOG_BYTES_MAX = 65_536;

/** What QEMU said last, on one line; empty where it said nothing or left no log. @throws HostFileError */
async function readErrorLog(host: Host, vm: string): Promise<string> {
  const path = vmPaths(vm).errorLog;
  if (!(await host.exists(path))) return "";
  const size = await readFileSize(host, path);
  if (size === 0) return "";
  const bytes = await host.readRange(path, Math.max(0, size - TAIL_BYTES), TAIL_BYTES);
  // A log that was emptied under its writer begins with a hole.
  const text = Buffer.from(bytes).toString("utf8").replaceAll("\0", "");
  return text.trim().split("\n").slice(-3).join("; ").slice(-VM_END_CHARACTERS_MAX);
}

/** Empties the log of a QEMU that said too much. May run twice. @throws CommandError COMMAND_FAILED */
export async function boundErrorLog(host: Host, vm: string): Promise<void> {
  const path = vmPaths(vm).errorLog;
  if (!(await host.exists(path)) || (await readFileSize(host, path)) <= LOG_BYTES_MAX) return;
  await runChecked(host, { argv: emptyFile(path) });
}

/** `name` as the kernel shows it: cut to 15 characters. @see torvalds/linux include/linux/sched.h, TASK_COMM_LEN */
const commOf = (vm: string): string => `sy-${vm}`.slice(0, 15);

/**
 * What the kernel log says of a process that is gone.
 *
 * @see torvalds/linux mm/oom_kill.c, __oom_kill_process; arch/x86/mm/fault.c, show_signal_msg;
 *   arch/x86/kernel/traps.c, show_signal
 */
export function findKernelWord(
  log: readonly string[],
  process: { readonly vm: string; readonly pid: number },
): VmEnd | undefined {
  const { vm, pid } = process;
  for (const line of log.toReversed()) {
    const text = line.replace(/^\[[^\]]*\]\s*/, "").slice(0, VM_END_CHARACTERS_MAX);
    if (new RegExp(`[Oo]ut of memory: Killed process ${pid} \\(`).test(text)) {
      return { kind: "out-of-memory", detail: text };
    }
    const isOurs = text.includes(`[${pid}]`) && text.includes(commOf(vm));
    if (isOurs && /segfault at|general protection|traps:|trap /.test(text)) {
      return { kind: "crashed", detail: text };
    }
  }
  return undefined;
}

/** @see qemu/qemu system/runstate.c, qemu_system_killed */
const SIGNAL = /terminating on signal \d+.*/;

/**
 * How the process of a VM ended that is gone. QEMU takes its pid file with it where it ends in order.
 *
 * @param pid as its pid file still says; undefined where there is none
 * @throws HostFileError; CommandError
 */
export async function readVmEnd(host: Host, vm: string, pid: number | undefined): Promise<VmEnd> {
  const words = await readErrorLog(host, vm);
  if (pid === undefined) {
    const signal = SIGNAL.exec(words)?.[0];
    if (signal !== undefined) return { kind: "terminated", detail: signal };
    return { kind: "shut-down", detail: "the guest shut itself down" };
  }
  const known = findKernelWord(await readKernelLog(host), { vm, pid });
  if (known?.kind === "out-of-memory" || (known !== undefined && words === "")) return known;
  if (words !== "") return { kind: "crashed", detail: words };
  return { kind: "killed", detail: `process ${pid} ended without a word` };
}
