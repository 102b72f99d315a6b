import type { Argv } from "@switchyard/model";

/** @see ipmitool(1), dcmi power reading */
export const ipmiPowerReading = (): Argv => ["ipmitool", "dcmi", "power", "reading"];
