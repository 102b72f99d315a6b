import type { Host } from "@switchyard/host";
import { createSimHost } from "@switchyard/hostsim";
import { parsePciAddress } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import type { Ground } from "./ground.ts";

const PF = "0000:82:00.0";
const SECOND_PF = parsePciAddress("0000:82:00.1");
const NUM_VFS = `/sys/bus/pci/devices/${PF}/sriov_numvfs`;
const TOTAL_VFS = 7;

/** A simulated R740 with the lab's distribution less what the lab leaves out, inside something as the lab is, and a driver that takes no `max_vqp`, as the lab's take none. */
export function createSimulatedGround(): Ground {
  const host = createSimHost({
    position: 1,
    random: seededRandom(1),
    overrides: {
      distribution: "debian12",
      virtualization: "vm-other",
      missingPrograms: ["mokutil", "systemd-detect-virt", "timedatectl"],
      totalVfs: TOTAL_VFS,
      vdpaAttributes: ["mac", "mtu", "device_features"],
    },
  });
  return {
    name: "simulated",
    host,
    parts: {
      eswitch: { handle: `pci/${PF}`, numVfsPath: NUM_VFS },
      sriov: { pf: SECOND_PF, totalVfs: TOTAL_VFS, vfDriver: "mlx5_core" },
      mgmtdev: "pci/0000:82:00.2",
      makeMgmtdev: async (on: Host) => {
        await on.run({ argv: ["modprobe", "mlx5_vdpa"] });
        await on.writeFile(NUM_VFS, "1");
      },
      removeMgmtdev: (on: Host) => on.writeFile(NUM_VFS, "0"),
      netdevs: ["eno3", "eno4"],
      modules: { loaded: "mlx5_core", loadable: "nbd" },
    },
  };
}
