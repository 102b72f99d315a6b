import {
  type Inventory,
  type Mgmtdev,
  type Nic,
  type PciAddress,
  type Pf,
  type Step,
  type VdpaDevice,
  type Vf,
  vfPciAddress,
} from "@switchyard/model";
import { activateCard } from "./apply-firmware-step.ts";
import { buildLink, slotMac } from "./values.ts";
import { mapNics, mapVf, refuseIf } from "./walk-inventory.ts";

/* Functions of a modelled card, and what is made on them. */

/** Queue pairs that modelled mlx5 VFs offer. */
const MLX5_MAX_VQP = 32;

export function setVfCount(inventory: Inventory, address: PciAddress, count: number): Inventory {
  let port = -1;
  return mapNics(inventory, (pf, nic) => {
    port += 1;
    if (pf.pciAddress !== address) return pf;
    refuseIf(count > pf.totalVfs, "ERANGE");
    if (count === pf.vfCount) return pf;
    refuseIf(
      pf.vfs.some(({ vdpa }) => vdpa !== undefined),
      "vDPA devices are still there",
    );
    const own = port;
    const vfs = Array.from({ length: count }, (_, index) => newVf({ pf, nic, port: own, index }));
    return { ...pf, vfCount: count, vfs };
  });
}

/** @param place.port counts the host's ports, so that representor names differ between them */
function newVf(place: { pf: Pf; nic: Nic; port: number; index: number }): Vf {
  const { pf, nic, port, index } = place;
  const isMapped = nic.nicProfile === "mapped";
  const hasRepresentor = isMapped || pf.eswitchMode === "switchdev";
  const fixed = pf.fixedVfAddresses[index];
  const routing = { offset: pf.sriov?.offset ?? 2, stride: pf.sriov?.stride ?? 1, index };
  const vf: Vf = {
    index,
    pciAddress: fixed ?? vfPciAddress(pf.pciAddress, routing),
    driver: isMapped ? "virtio-pci" : "mlx5_core",
    vdpaDriver: isMapped ? "vp-vdpa" : "mlx5_core",
    netdev: undefined,
    mgmtdev: undefined,
    vdpa: undefined,
    representor: hasRepresentor
      ? buildLink(`eth${port * 100 + index}`, { isUp: false })
      : undefined,
    adminMac: undefined,
    fixedMac: isMapped ? slotMac(index) : undefined,
    iommuGroup: 40 + index,
  };
  return withMgmtdev(nic, vf);
}

export function withMgmtdev({ nicProfile }: Nic, vf: Vf): Vf {
  const isMapped = nicProfile === "mapped";
  const mgmtdev: Mgmtdev = {
    handle: `pci/${vf.pciAddress}`,
    maxVqp: isMapped ? 1 : MLX5_MAX_VQP,
    canSetMac: !isMapped,
    canSetMaxVqp: !isMapped,
  };
  return { ...vf, mgmtdev: vf.driver === vf.vdpaDriver ? mgmtdev : undefined };
}

export function addVdpaDevice(
  inventory: Inventory,
  wanted: Extract<Step, { kind: "ensureVdpaDevice" }>["arguments"],
): Inventory {
  const others = inventory.nics.flatMap(({ pfs }) =>
    pfs.flatMap(({ pciAddress, vfs }) =>
      vfs.filter(({ index }) => pciAddress !== wanted.vf.pf || index !== wanted.vf.index),
    ),
  );
  refuseIf(
    others.some(({ vdpa }) => vdpa?.name === wanted.name),
    `EEXIST ${wanted.name}`,
  );
  const minors = new Set(others.map(({ vdpa }) => vdpa?.vhostPath));
  let minor = 0;
  while (minors.has(`/dev/vhost-vdpa-${minor}`)) minor += 1;
  return mapVf(inventory, wanted.vf, (vf) => ({
    ...vf,
    vdpa: newVdpaDevice(vf, wanted, `/dev/vhost-vdpa-${minor}`),
  }));
}

function newVdpaDevice(
  { mgmtdev, fixedMac }: Vf,
  wanted: Extract<Step, { kind: "ensureVdpaDevice" }>["arguments"],
  vhostPath: string,
): VdpaDevice {
  if (mgmtdev === undefined) throw new Error("the modelled VF has no management device");
  refuseIf(wanted.canSetMac && !mgmtdev.canSetMac, "the MAC can't be set");
  refuseIf(wanted.maxVqp !== undefined && !mgmtdev.canSetMaxVqp, "max_vqp can't be set");
  const maxVqp = Math.min(wanted.maxVqp ?? 1, mgmtdev.maxVqp);
  return {
    name: wanted.name,
    mgmtdevHandle: mgmtdev.handle,
    mac: fixedMac ?? wanted.mac,
    maxVqs: 2 * maxVqp + 1,
    maxVqp,
    vhostPath,
    negotiatedFeatures: undefined,
  };
}

export function resetCard(inventory: Inventory, pf: PciAddress): Inventory {
  const isOfCard = (nic: Nic) => nic.pfs.some(({ pciAddress }) => pciAddress === pf);
  const hasVfs = inventory.nics.filter(isOfCard).some(({ pfs }) => pfs.some((p) => p.vfCount > 0));
  refuseIf(hasVfs, "the card has VFs");
  const reset = (nic: Nic): Nic => {
    const card = activateCard(nic);
    const down = (port: Pf): Pf => ({
      ...port,
      eswitchMode: "legacy",
      link: { ...port.link, isUp: false },
    });
    return { ...card, pfs: card.pfs.map(down) };
  };
  return { ...inventory, nics: inventory.nics.map((nic) => (isOfCard(nic) ? reset(nic) : nic)) };
}
