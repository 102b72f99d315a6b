/**
 * Watts of `ipmitool dcmi power reading`; undefined while the BMC does not measure. Each label is looked for in
 * the whole text, because releases part lines differently.
 *
 * @see ipmitool/ipmitool lib/ipmi_dcmi.c, ipmi_print_pwr_rd
 */
export function parsePowerReading(text: string): number | undefined {
  const watts = /Instantaneous power reading:\s+(\d+) Watts/.exec(text)?.[1];
  const state = /Power reading state is:\s+(\w+)/.exec(text)?.[1];
  return watts === undefined || state !== "activated" ? undefined : Number(watts);
}

/** The host has no IPMI, or its modules are not loaded. */
export const isIpmiAbsent = (stderr: string): boolean =>
  /Could not open device at \/dev\/ipmi/.test(stderr);
