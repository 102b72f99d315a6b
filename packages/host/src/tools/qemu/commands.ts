import type { Argv } from "@switchyard/model";

/** @see qemu-system-x86_64(1) */
export const qemuVersion = (): Argv => ["qemu-system-x86_64", "--version"];
/** @see kill(1) */
export const kill = (pid: number): Argv => ["kill", "-KILL", String(pid)];
