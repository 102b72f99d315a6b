import type { Act } from "./act.ts";
import { logKernel } from "./machine.ts";
import type { Process } from "./process.ts";
import { emitQmp, endQemu } from "./qemu.ts";

/**
 * What may befall a VM that nobody asked for: its guest powers off; its guest's kernel panics; QEMU stops it after an
 * error of its disk; the kernel kills QEMU for memory; QEMU crashes with words on its standard error; somebody sends
 * it SIGTERM; somebody sends it SIGKILL.
 */
export type VmFate =
  | { readonly kind: "shuts-down" | "panics" | "disk-fails" | "out-of-memory" | "killed" }
  | { readonly kind: "terminated"; readonly by: string }
  | { readonly kind: "crashes"; readonly stderr: string };

/** @see torvalds/linux mm/oom_kill.c; qemu/qemu system/runstate.c, qapi/run-state.json */
export function befall(act: Act, process: Process, fate: VmFate): void {
  const { machine } = act;
  const { pid, name, qemu } = process;
  if (qemu === undefined) return;
  const say = (text: string) => {
    const { errorLog } = qemu.options;
    if (errorLog !== undefined) machine.files.write(errorLog, text);
  };
  switch (fate.kind) {
    case "shuts-down":
      emitQmp(qemu, "SHUTDOWN", { guest: true, reason: "guest-shutdown" });
      endQemu(act, pid, true);
      return;
    case "panics":
      qemu.status = "guest-panicked";
      emitQmp(qemu, "GUEST_PANICKED", { action: "pause" });
      return;
    case "disk-fails":
      qemu.status = "io-error";
      emitQmp(qemu, "BLOCK_IO_ERROR", { action: "stop", operation: "write" });
      return;
    case "out-of-memory": {
      const kib = Math.floor(qemu.options.memoryBytes / 1024);
      const sizes = `total-vm:${kib + 1_052_624}kB, anon-rss:${kib}kB, file-rss:0kB, shmem-rss:4kB`;
      const rest = "UID:0 pgtables:16700kB oom_score_adj:0";
      const comm = name.slice(0, 15);
      logKernel(machine, `Out of memory: Killed process ${pid} (${comm}) ${sizes}, ${rest}`);
      endQemu(act, pid, false);
      return;
    }
    case "killed":
      endQemu(act, pid, false);
      return;
    case "terminated":
      say(`qemu-system-x86_64: terminating on signal 15 from ${fate.by}\n`);
      endQemu(act, pid, true);
      return;
    case "crashes":
      say(fate.stderr);
      endQemu(act, pid, false);
  }
}
