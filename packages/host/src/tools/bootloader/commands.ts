import type { Argv } from "@switchyard/model";

/** @see grubby(8) */
export const grubbyInfoAll = (): Argv => ["grubby", "--info=ALL"];
/** @see grubby(8) */
export const grubbyDefaultKernel = (): Argv => ["grubby", "--default-kernel"];
