import type { Argv } from "@switchyard/model";

/** @see ofed_info, MLNX_OFED 24.04 */
export const ofedInfo = (): Argv => ["ofed_info", "-s"];

/** A field of a module as a kernel would load it. @see modinfo(8) */
export const modinfoField = (options: {
  readonly module: string;
  readonly kernelRelease: string;
  readonly field: "filename" | "version";
}): Argv => ["modinfo", "-k", options.kernelRelease, "-F", options.field, options.module];
