import {
  ipVfMacSet,
  type MacAddress,
  type PciAddress,
  type VdpaDevice,
  type VfRef,
  vdpaDevAdd,
  vdpaDevDel,
} from "@switchyard/model";
import { run, write } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/**
 * @param vf.address address of the VF, possibly predicted
 * @param vf.boundDriver driver it has now, if it has one
 */
export function ensureVfDriver(
  vf: {
    readonly ref: VfRef;
    readonly address: PciAddress | string;
    readonly boundDriver: string | undefined;
  },
  driver: string,
): Draft {
  const folder = `/sys/bus/pci/devices/${vf.address}`;
  const unbind = vf.boundDriver === undefined ? [] : [write(`${folder}/driver/unbind`, vf.address)];
  return draft(
    "ensureVfDriver",
    { vf: vf.ref, driver },
    {
      title: `Bind VF ${vf.address} to ${driver}`,
      commands: [
        write(`${folder}/driver_override`, driver),
        ...unbind,
        write("/sys/bus/pci/drivers_probe", vf.address),
      ],
    },
  );
}

/** @param pfNetdev netdev of the PF, through which the kernel takes it */
export const ensureVfAdminMac = (vf: VfRef, mac: MacAddress, pfNetdev: string): Draft =>
  draft(
    "ensureVfAdminMac",
    { vf, mac },
    {
      title: `Give VF ${vf.index} of ${vf.pf} the MAC ${mac}`,
      commands: [run(ipVfMacSet(pfNetdev, vf.index, mac))],
    },
  );

export interface WantedVdpaDevice {
  readonly vf: VfRef;
  readonly name: string;
  readonly mac: MacAddress;
  readonly maxVqp: number | undefined;
  readonly canSetMac: boolean;
}

/** @param context.existing device to be replaced, if the VF carries one */
export function ensureVdpaDevice(
  wanted: WantedVdpaDevice,
  context: { readonly mgmtdev: string; readonly existing: VdpaDevice | undefined },
): Draft {
  const { existing, mgmtdev } = context;
  const remove = existing === undefined ? [] : [run(vdpaDevDel(existing.name))];
  const mac = wanted.canSetMac ? wanted.mac : undefined;
  const add = vdpaDevAdd({ name: wanted.name, mgmtdev, mac, maxVqp: wanted.maxVqp });
  return draft("ensureVdpaDevice", wanted, {
    title: `${existing === undefined ? "Create" : "Replace"} vDPA device ${wanted.name} with MAC ${wanted.mac}`,
    commands: [...remove, run(add)],
    disruption: existing === undefined ? "none" : "datapath",
  });
}

export const ensureNoVdpaDevice = (vf: VfRef, name: string): Draft =>
  draft(
    "ensureNoVdpaDevice",
    { vf, name },
    {
      title: `Delete vDPA device ${name}`,
      commands: [run(vdpaDevDel(name))],
      disruption: "datapath",
    },
  );
