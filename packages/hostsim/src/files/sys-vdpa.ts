import type { Machine, VdpaDevice } from "../machine/machine.ts";
import { mgmtdevs } from "../machine/vdpa.ts";
import { attribute, folder, link, type Node } from "./node.ts";
import { devicePath } from "./sys-pci.ts";

const VDPA_DRIVERS = ["vhost_vdpa", "virtio_vdpa"];

const vdpaPath = (device: VdpaDevice): string => `${devicePath(device.vf)}/${device.name}`;

/** A vDPA device below its VF; its `vhost-vdpa-N` entry says which character device is its own. */
export function vdpaFolder(device: VdpaDevice): Node {
  return folder(() => {
    const { minor, driver } = device;
    const character = `vhost-vdpa-${minor}`;
    return {
      ...(driver === undefined ? {} : { driver: link(`/sys/bus/vdpa/drivers/${driver}`) }),
      driver_override: attribute(() => "(null)"),
      ...(minor === undefined
        ? {}
        : { [character]: () => folder(() => ({ dev: attribute(() => `508:${minor}`) })) }),
    };
  });
}

/** `/sys/bus/vdpa`; present once the vdpa module is. */
export const busVdpa = (machine: Machine): Node =>
  folder(() => ({
    devices: () =>
      folder(() =>
        Object.fromEntries(
          [...machine.boot.vdpaDevices.values()].map((device) => [
            device.name,
            link(vdpaPath(device)),
          ]),
        ),
      ),
    drivers: () =>
      folder(() =>
        Object.fromEntries(
          VDPA_DRIVERS.filter((name) => machine.boot.modules.has(name)).map((name) => [
            name,
            () =>
              folder(() =>
                Object.fromEntries(
                  [...machine.boot.vdpaDevices.values()]
                    .filter(({ driver }) => driver === name)
                    .map((device) => [device.name, link(vdpaPath(device))]),
                ),
              ),
          ]),
        ),
      ),
  }));

/** `/sys/bus/auxiliary`: the vnet device of each VF that offers vDPA. */
export const busAuxiliary = (machine: Machine): Node =>
  folder(() => ({
    devices: () =>
      folder(() =>
        Object.fromEntries(
          mgmtdevs(machine).map((vf) => [
            `mlx5_core.vnet.${vf.vhcaId}`,
            link(devicePath(vf.pciAddress)),
          ]),
        ),
      ),
  }));
