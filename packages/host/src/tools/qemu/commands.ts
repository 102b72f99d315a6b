import type { Argv } from "@switchyard/model";

/** @see qemu-system-x86_64(1) */
export const qemuVersion = (): Argv => ["qemu-system-x86_64", "--version"];
/** @see kill(1) */
export const kill = (pid: number): Argv => ["kill", "-KILL", String(pid)];

/**
 * Runs a command in a systemd scope of its own, so that it outlives the agent's service. `--collect`
 * lets the name be used again after a failure.
 *
 * @see systemd-run(1)
 */
export const inScope = (unit: string, argv: Argv): Argv => [
  "systemd-run",
  "--scope",
  "--unit",
  unit,
  "--collect",
  "--quiet",
  "--",
  ...argv,
];
