import type { IommuFacts } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { listIfThere, readOptional } from "../tool.ts";

const ACPI_TABLES = "/sys/firmware/acpi/tables";
/** ACPI tables that announce an IOMMU: Intel's and AMD's. */
const IOMMU_TABLES = ["DMAR", "IVRS"];
const UNITS = "/sys/class/iommu";
const GROUPS = "/sys/kernel/iommu_groups";
/** Groups whose type is asked for; a server has fewer devices. */
const GROUPS_MAX = 4096;

/**
 * IOMMU groups there are; none while the IOMMU is off.
 *
 * @throws HostFileError where the folder can't be read
 */
export const listIommuGroups = (host: Host): Promise<readonly string[]> =>
  listIfThere(host, GROUPS);

/**
 * The IOMMU as firmware offers it and the kernel uses it.
 *
 * @throws HostFileError ENOENT on a machine without ACPI, which does not say what its firmware offers
 * @see torvalds/linux Documentation/ABI/testing/sysfs-kernel-iommu_groups, sysfs-class-iommu,
 *   sysfs-firmware-acpi
 */
export async function readIommu(host: Host): Promise<IommuFacts> {
  const tables = await host.listFolder(ACPI_TABLES);
  const groupTypes: Record<string, number> = {};
  for (const group of (await listIommuGroups(host)).slice(0, GROUPS_MAX)) {
    // Kernels before 5.11 do not tell a group's type.
    const type = (await readOptional(host, `${GROUPS}/${group}/type`)) || "unknown";
    groupTypes[type] = (groupTypes[type] ?? 0) + 1;
  }
  return {
    isAdvertised: IOMMU_TABLES.some((table) => tables.includes(table)),
    units: await listIfThere(host, UNITS),
    groupTypes,
  };
}
