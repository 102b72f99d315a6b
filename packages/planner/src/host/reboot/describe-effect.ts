import {
  formatBiosAttributes,
  formatFirmware,
  formatNicModes,
  type RebootEffect,
} from "@switchyard/model";

/** The effect in a few words, for titles and for the reason of a boot. */
export function describeEffect(effect: RebootEffect): string {
  switch (effect.kind) {
    case "firmware":
      return `firmware ${formatFirmware(effect.version)} of ${effect.pfs.join(", ")}`;
    case "firmware-config":
      return `${Object.keys(effect.values).sort().join(", ")} of ${effect.pf}`;
    case "driver":
      return effect.version === undefined
        ? `the kernel's own ${effect.module}`
        : `driver ${effect.module} ${effect.version}`;
    case "bios":
      return `BIOS ${formatBiosAttributes(effect.attributes)}`;
    case "nic-virtualization":
      return formatNicModes(effect.functions);
    case "kernel-release":
      return `kernel ${effect.release}`;
    case "kernel-arguments":
      return `kernel arguments ${[
        ...effect.present,
        ...effect.absent.map((token) => `without ${token}`),
      ].join(" ")}`;
  }
}
