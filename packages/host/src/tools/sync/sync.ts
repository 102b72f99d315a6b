import { sync } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";

/** A full page cache on slow disks. */
const SYNC_TIMEOUT_MS = 120_000;

/**
 * Writes out what the kernel holds back for disks. May run twice.
 *
 * @throws CommandError COMMAND_FAILED, COMMAND_TIMED_OUT
 */
export async function syncDisks(host: Host): Promise<void> {
  await runChecked(host, { argv: sync(), timeoutMs: SYNC_TIMEOUT_MS });
}
