import type { Argv } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runOptional } from "../tool.ts";

/** @see mokutil(1) */
export const secureBootState = (): Argv => ["mokutil", "--sb-state"];

/**
 * Whether the kernel refuses unsigned modules; false also for a machine booted without UEFI,
 * undefined where the program is missing or says something else.
 */
export async function readSecureBoot(host: Host): Promise<boolean | undefined> {
  const { stdout = "", stderr = "" } = (await runOptional(host, { argv: secureBootState() })) ?? {};
  if (/^SecureBoot enabled/m.test(stdout)) return true;
  const isOff =
    /^SecureBoot disabled/m.test(stdout) || /EFI variables are not supported/.test(stderr);
  return isOff ? false : undefined;
}
