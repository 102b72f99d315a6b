import { CHECKS_OF_HOST, type Inventory } from "@switchyard/model";

export interface Fault {
  /** One fact each. */
  readonly found: readonly string[];
  readonly fix: string;
}

/** Why there is no IOMMU, as far as the host tells; undefined where there is one. */
export function iommuFault({
  iommuGroupCount,
  system,
}: Pick<Inventory, "iommuGroupCount" | "system">): Fault | undefined {
  if (iommuGroupCount > 0) return undefined;
  const none = "0 IOMMU groups";
  switch (system?.iommu?.isAdvertised) {
    case undefined:
      return { found: [none], fix: CHECKS_OF_HOST.A02.fix };
    case true:
      return {
        found: [none, "firmware offers an IOMMU"],
        fix: "Boot with intel_iommu=on iommu=pt.",
      };
    case false:
      return {
        found: [none, "firmware has no DMAR or IVRS table"],
        fix: "Enable VT-d in BIOS and reboot.",
      };
  }
}
