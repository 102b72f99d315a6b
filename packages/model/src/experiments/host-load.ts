/** A counter of energy that wraps; a CPU package. */
export interface EnergyCounter {
  readonly name: string;
  readonly joules: number;
  /** Where it begins anew. */
  readonly rangeJoules: number;
}

/** What a host spends, as its agent read it at one moment. Figures over a time come of two of them. */
export interface HostLoad {
  /** By the agent's own clock, from an unknown beginning. */
  readonly monotonicMs: number;
  readonly bootId: string;
  /** CPU threads busy, summed up since the boot. */
  readonly cpuBusySeconds: number;
  /** Empty where the processor does not count. */
  readonly packages: readonly EnergyCounter[];
  /** Of the whole host, in-band by its BMC; undefined where that does not measure. */
  readonly ipmiWatts: number | undefined;
  /** Of the whole host, by its BMC's Redfish, asked only where IPMI does not answer. */
  readonly redfishWatts: number | undefined;
}

export const CPU_PACKAGES_MAX = 16;
