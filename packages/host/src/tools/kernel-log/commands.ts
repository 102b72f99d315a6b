import type { Argv } from "@switchyard/model";

/** @see dmesg(1) */
export const dmesg = (): Argv => ["dmesg"];
