import type { Machine } from "../machine/machine.ts";
import { rdmaDevices } from "../machine/rdma.ts";
import { attribute, folder, link, type Node } from "./node.ts";
import { devicePath } from "./sys-pci.ts";

/** `/sys/class/infiniband`. */
export const classInfiniband = (machine: Machine): Node =>
  folder(() =>
    Object.fromEntries(
      rdmaDevices(machine).map(({ name, pciAddress }) => [
        name,
        () =>
          folder(() => ({
            board_id: attribute(() => machine.spec.card.psid),
            device: link(devicePath(pciAddress)),
            fw_ver: attribute(() => machine.firmware.running),
          })),
      ]),
    ),
  );
