import type { Argv } from "@switchyard/model";

/** @see ibv_devinfo(1) */
export const ibvDevinfo = (): Argv => ["ibv_devinfo"];
