import { type Argv, type HostError, makeExecutable, runDellPackage } from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { BURN_TIMEOUT_MS } from "../mlxfw/mlxfw.ts";
import { hostError, runChecked } from "../tool.ts";
import { checkDellPackage } from "./commands.ts";
import { endOfPackage, type PackageEnd, saidByPackage } from "./parse.ts";

/** Collecting the inventory of all devices takes minutes. */
const CHECK_TIMEOUT_MS = 600_000;

const outputOf = ({ stdout, stderr }: CommandResult): string => `${stdout}\n${stderr}`;

function packageError(
  argv: Argv,
  result: CommandResult,
  end: Extract<PackageEnd, { kind: "failed" }>,
): HostError {
  const said = saidByPackage(outputOf(result));
  return hostError({
    reason: end.reason,
    message: `the update package ended with status ${result.exitCode}`,
    argv,
    result,
    metadata: { found: said || `exit status ${result.exitCode}` },
  });
}

/**
 * Asks a Dell update package whether it fits. Nothing is written. May run any number of times.
 *
 * @param path absolute; the package is made executable
 * @throws HostError FIRMWARE_IMAGE_UNSUITABLE (no device of the host fits), FIRMWARE_PREREQUISITE_MISSING,
 *   ARTEFACT_CHECKSUM_WRONG (its own signature does not hold), FIRMWARE_UPDATE_FAILED
 */
export async function checkPackage(
  host: Host,
  path: string,
): Promise<Exclude<PackageEnd, { kind: "failed" }>> {
  await runChecked(host, { argv: makeExecutable(path) });
  return await run(host, checkDellPackage(path), CHECK_TIMEOUT_MS);
}

/**
 * Runs a Dell update package to its end, without questions and without a reboot. Never cut off by a cancelled
 * job: it writes to flash.
 *
 * @param options.isForced takes an image that is not newer than what is stored
 * @throws HostError as `checkPackage`, FIRMWARE_BUSY, FIRMWARE_SECURE_CONFLICT; CommandError
 *   COMMAND_TIMED_OUT (outcome unknown)
 */
export const applyPackage = (
  host: Host,
  path: string,
  options: { readonly isForced: boolean },
): Promise<Exclude<PackageEnd, { kind: "failed" }>> =>
  run(host, runDellPackage(path, options.isForced), BURN_TIMEOUT_MS);

async function run(host: Host, argv: Argv, timeoutMs: number) {
  const result = await host.run({ argv, timeoutMs });
  const end = endOfPackage(result.exitCode, outputOf(result));
  if (end.kind === "failed") throw packageError(argv, result, end);
  return end;
}
