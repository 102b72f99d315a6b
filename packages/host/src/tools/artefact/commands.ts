import type { Argv } from "@switchyard/model";

/** @see sha256sum(1) */
export const sha256sum = (path: string): Argv => ["sha256sum", "--", path];

/** @see stat(1) */
export const statSize = (path: string): Argv => ["stat", "-L", "-c", "%s", "--", path];
