import type { Argv } from "@switchyard/model";

/**
 * Asks whether a package fits the host's devices, without applying it.
 *
 * @see Dell Update Packages User's Guide, CLI options for Linux
 */
export const checkDellPackage = (path: string): Argv => [path, "-q", "-c"];
