import type { Argv } from "@switchyard/model";

/** @see ethtool(8) */
export const ethtoolStats = (netdev: string): Argv => ["ethtool", "-S", netdev];
/** @see ethtool(8) */
export const ethtoolFeatures = (netdev: string): Argv => ["ethtool", "-k", netdev];
