import type {
  BondSpec,
  DatapathSpec,
  HostProfileSpec,
  Ipv4Range,
  BondMode as ModelBondMode,
  UplinkSelector,
  VfDriverChoice,
} from "@switchyard/model";
import {
  type Bond,
  BondMode,
  Datapath,
  DatapathMode,
  DriftPolicy,
  NicVirtualization,
  type PortSelector,
  type ProfileSpec,
  type Ipv4Range as ProtoIpv4Range,
  VfDriver,
} from "@switchyard/proto";
import { toProtoDriverSpec } from "./driver.ts";
import { toProtoFirmwareSpec } from "./firmware.ts";
import { toProtoSystemSpec } from "./system.ts";
import { toProtoVirtualizationSpec } from "./virtualization.ts";

function toProtoUplink(uplink: UplinkSelector): NonNullable<Datapath["uplink"]> {
  switch (uplink.kind) {
    case "port":
      return { $case: "uplinkPort", value: uplink.port };
    case "address":
      return { $case: "uplinkPciAddress", value: uplink.pciAddress };
  }
}

const toProtoRange = (range: Ipv4Range): ProtoIpv4Range => ({ ...range });

const BOND_MODE: Readonly<Record<ModelBondMode, BondMode>> = {
  "active-backup": BondMode.ACTIVE_BACKUP,
  "802.3ad": BondMode.IEEE_802_3AD,
  "balance-xor": BondMode.BALANCE_XOR,
};

function toProtoPort(port: UplinkSelector): PortSelector {
  switch (port.kind) {
    case "port":
      return { selector: { $case: "port", value: port.port } };
    case "address":
      return { selector: { $case: "pciAddress", value: port.pciAddress } };
  }
}

const toProtoBond = ({ name, mode, ports }: BondSpec): Bond => ({
  name,
  mode: BOND_MODE[mode],
  ports: ports.map(toProtoPort),
});

const VF_DRIVER: Readonly<Record<VfDriverChoice, VfDriver>> = {
  auto: VfDriver.AUTO,
  "vfio-pci": VfDriver.VFIO_PCI,
  mlx5_vfio_pci: VfDriver.MLX5_VFIO_PCI,
};

function toProtoDatapath(datapath: DatapathSpec): Datapath {
  const uplink = toProtoUplink(datapath.uplink);
  const { vfCount } = datapath;
  switch (datapath.mode) {
    case "vdpa": {
      const { name, addressRange, isAdopted = false } = datapath.bridge;
      const range = addressRange && toProtoRange(addressRange);
      const bridge = { name, addressRange: range, isAdopted };
      const { maxVqp, hwOffload } = datapath;
      return Datapath.fromPartial({
        mode: DatapathMode.VDPA,
        uplink,
        vfCount,
        maxVqp,
        bridge,
        hwOffload,
        bond: datapath.bond && toProtoBond(datapath.bond),
      });
    }
    case "sriov": {
      const vfDriver = VF_DRIVER[datapath.vfDriver];
      return Datapath.fromPartial({ mode: DatapathMode.SRIOV, uplink, vfCount, vfDriver });
    }
  }
}

const DRIFT_POLICY = {
  report: DriftPolicy.REPORT,
  enforce: DriftPolicy.ENFORCE,
} as const;

export const toProtoProfileSpec = (spec: HostProfileSpec): ProfileSpec => ({
  selector: { ...spec.selector },
  datapath: toProtoDatapath(spec.datapath),
  driftPolicy: DRIFT_POLICY[spec.driftPolicy ?? "report"],
  firmware: spec.firmware && toProtoFirmwareSpec(spec.firmware),
  bios: spec.bios && {
    attributes: { ...spec.bios.attributes },
    nicVirtualization:
      spec.bios.nicVirtualization === undefined
        ? NicVirtualization.UNSPECIFIED
        : NicVirtualization.SRIOV,
  },
  system: spec.system && toProtoSystemSpec(spec.system),
  driver: spec.driver && toProtoDriverSpec(spec.driver),
  virtualization: spec.virtualization && toProtoVirtualizationSpec(spec.virtualization),
});
