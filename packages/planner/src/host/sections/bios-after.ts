import {
  type BiosAttributes,
  type Inventory,
  LIMITS_OF_PROFILE,
  type Nic,
  type Pf,
} from "@switchyard/model";
import { afterIommuChange } from "./iommu-after.ts";

const isEnabled = (attributes: BiosAttributes, name: string): boolean =>
  attributes[name] === "Enabled";

/**
 * The host as it will be once a boot brought the settings into force. How many VFs a card offers can't be
 * told while SR-IOV is off: as many as there can be are taken for granted, and the step that makes them
 * finds out.
 */
export function afterBios(observed: Inventory, changes: BiosAttributes): Inventory {
  const withCpu = isEnabled(changes, "ProcVirtualization")
    ? withVirtualization(observed)
    : observed;
  const nics = isEnabled(changes, "SriovGlobalEnable") ? withCpu.nics.map(withSriov) : withCpu.nics;
  return { ...withCpu, nics, bmc: withBmc(withCpu.bmc, changes) };
}

const withVirtualization = (observed: Inventory): Inventory =>
  afterIommuChange({
    ...observed,
    cpu: { ...observed.cpu, hasVirtualization: true },
    accelerator: "kvm",
    ...(observed.system?.iommu !== undefined && {
      system: { ...observed.system, iommu: { ...observed.system.iommu, isAdvertised: true } },
    }),
  });

const withSriov = (nic: Nic): Nic => ({ ...nic, pfs: nic.pfs.map(withVfs) });

const withVfs = (pf: Pf): Pf =>
  pf.totalVfs > 0 ? pf : { ...pf, totalVfs: LIMITS_OF_PROFILE.vfCountMax };

function withBmc(bmc: Inventory["bmc"], changes: BiosAttributes): NonNullable<Inventory["bmc"]> {
  const facts = bmc?.facts;
  if (bmc === undefined || facts === undefined) throw new RangeError("no BMC answers");
  return {
    ...bmc,
    facts: {
      ...facts,
      biosAttributes: { ...facts.biosAttributes, ...changes },
      pendingAttributes: {},
      jobs: [],
    },
  };
}
