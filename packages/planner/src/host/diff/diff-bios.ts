import {
  allowsNicSriov,
  differingBiosAttributes,
  type HostDesired,
  type Inventory,
  modeWithSriov,
  VIRTUALIZATION_MODE,
} from "@switchyard/model";
import { isSriovMissing, nicPortsOf } from "../sections/nic-functions.ts";
import type { FieldDifference } from "./diff-host.ts";

/** BIOS settings that are not in force, and those that a boot would take away; none without a BMC that answers. */
export function biosFields({ bios }: HostDesired, { bmc }: Inventory): readonly FieldDifference[] {
  const facts = bmc?.facts;
  if (bios === undefined || facts === undefined) return [];
  const { biosAttributes: current, pendingAttributes: pending } = facts;
  const off = differingBiosAttributes(bios.attributes, current);
  const later = differingBiosAttributes(bios.attributes, { ...current, ...pending });
  return Object.keys({ ...off, ...later }).map((name) => ({
    field: `bios[${name}]`,
    observed: name in off ? String(current[name] ?? "absent") : atNextBoot(pending[name]),
    desired: bios.attributes[name] ?? "",
  }));
}

const atNextBoot = (value: string | number | undefined): string => `${value} at the next boot`;

/** NICs' functions that have no SR-IOV, or will have none; none without a BMC that answers. */
export function nicModeFields(
  { bios }: HostDesired,
  observed: Inventory,
): readonly FieldDifference[] {
  if (bios?.nicVirtualization === undefined) return [];
  return nicPortsOf(observed)
    .flatMap(({ nicFunction }) => nicFunction ?? [])
    .filter(isSriovMissing)
    .map(({ id, mode, pendingMode }) => ({
      field: `bios[${id} ${VIRTUALIZATION_MODE}]`,
      observed: allowsNicSriov(mode) ? atNextBoot(pendingMode) : mode,
      desired: modeWithSriov(mode),
    }));
}
