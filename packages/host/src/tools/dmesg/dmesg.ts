import type { Argv } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";

/** @see dmesg(1) */
export const dmesg = (): Argv => ["dmesg"];

/**
 * Lines of the kernel log, oldest first, as far as its ring buffer reaches.
 *
 * @throws CommandError COMMAND_FAILED (not allowed), COMMAND_NOT_STARTED
 */
export async function readKernelLog(host: Host): Promise<readonly string[]> {
  const { stdout } = await runChecked(host, { argv: dmesg() });
  return stdout.split("\n").filter((line) => line !== "");
}
