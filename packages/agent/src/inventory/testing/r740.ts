import type { Script } from "@switchyard/host";

/*
 * An R740 with one two-port ConnectX-6 Dx, as its files and tools show it once port 0 is in switchdev mode
 * with two VFs, one of which carries a vDPA device. The representors' names tell nothing, as on real hosts.
 */

const DEVICES = "/sys/bus/pci/devices";
const PF0 = `${DEVICES}/0000:82:00.0`;
const PF1 = `${DEVICES}/0000:82:00.1`;
const MLX5 = "../../../../bus/pci/drivers/mlx5_core";

const pfFiles = (pf: string, netdev: string, vfCount: number) => ({
  [`${pf}/vendor`]: "0x15b3\n",
  [`${pf}/device`]: "0x101d\n",
  [`${pf}/class`]: "0x020000\n",
  [`${pf}/sriov_totalvfs`]: "8\n",
  [`${pf}/sriov_numvfs`]: `${vfCount}\n`,
  [`${pf}/sriov_offset`]: "2\n",
  [`${pf}/sriov_stride`]: "1\n",
  [`${pf}/numa_node`]: "1\n",
  [`${pf}/net/${netdev}/mtu`]: "1500\n",
});
const vfFiles = (address: string, netdev: string) => ({
  [`${DEVICES}/${address}/vendor`]: "0x15b3\n",
  [`${DEVICES}/${address}/device`]: "0x101e\n",
  [`${DEVICES}/${address}/class`]: "0x020000\n",
  [`${DEVICES}/${address}/net/${netdev}/mtu`]: "1500\n",
});
const vfLinks = (address: string, index: number, group: number) => ({
  [`${PF0}/virtfn${index}`]: `../${address}`,
  [`${DEVICES}/${address}/physfn`]: "../0000:82:00.0",
  [`${DEVICES}/${address}/driver`]: MLX5,
  [`${DEVICES}/${address}/iommu_group`]: `../../../../kernel/iommu_groups/${group}`,
});

export const R740_FILES = {
  ...pfFiles(PF0, "enp130s0f0np0", 2),
  // In switchdev mode the representors are netdevs of the PF's function as well.
  [`${PF0}/net/eth4/mtu`]: "1500\n",
  [`${PF0}/net/eth2/mtu`]: "1500\n",
  ...pfFiles(PF1, "enp130s0f1np1", 0),
  ...vfFiles("0000:82:00.2", "enp130s0f0v0"),
  ...vfFiles("0000:82:00.3", "enp130s0f0v1"),
  "/sys/bus/vdpa/devices/sy-82-0-0/vhost-vdpa-1/dev": "239:1\n",
  "/sys/kernel/iommu_groups/42/type": "DMA\n",
  "/sys/kernel/iommu_groups/43/type": "DMA\n",
  "/sys/module/vhost_vdpa/refcnt": "0\n",
  "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
  "/sys/class/dmi/id/product_name": "PowerEdge R740\n",
  "/sys/class/dmi/id/product_serial": "7RK2XY3\n",
  "/proc/sys/kernel/random/boot_id": "0d9f1c1e-3a52-4f0e-9c55-2b4a3a4c1f7e\n",
  "/proc/sys/kernel/osrelease": "5.14.0-427.13.1.el9_4.x86_64\n",
  "/proc/cpuinfo": "processor\t: 0\nmodel name\t: Xeon\nphysical id\t: 0\nflags\t\t: vmx\n",
  "/proc/meminfo": "MemTotal:       131072 kB\n",
  "/proc/modules": "mlx5_vdpa 1 0 - Live 0x0\nmlx5_core 1 0 - Live 0x0\n",
  "/proc/stat": "cpu  100 0 50 9000 9 0 0 0 0 0\n",
  "/etc/os-release": 'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\n',
  "/dev/kvm": "",
};

export const R740_LINKS = {
  [`${PF0}/driver`]: MLX5,
  [`${PF1}/driver`]: MLX5,
  ...vfLinks("0000:82:00.2", 0, 42),
  ...vfLinks("0000:82:00.3", 1, 43),
};

const SWITCH_ID = "1000a1000042c40c";
export const link = (ifname: string, more: object = {}) => ({
  ifname,
  flags: ["BROADCAST", "UP", "LOWER_UP"],
  mtu: 1500,
  address: "0c:42:a1:00:00:10",
  ...more,
});
const switchPort = (ifname: string, portName: string, more: object = {}) =>
  link(ifname, { phys_port_name: portName, phys_switch_id: SWITCH_ID, ...more });

export const R740_NETDEVS: readonly object[] = [
  link("eno1"),
  switchPort("enp130s0f0np0", "p0", {
    vfinfo_list: [
      { vf: 0, address: "00:00:00:00:00:00" },
      { vf: 1, address: "52:54:00:aa:bb:01" },
    ],
  }),
  switchPort("enp130s0f1np1", "p1"),
  switchPort("eth4", "pf0vf0"),
  switchPort("eth2", "pf0vf1"),
];

const port = (flavour: string, netdev: string, more: object = {}) => ({ flavour, netdev, ...more });
export const R740_PORTS = {
  "pci/0000:82:00.0/65535": port("physical", "enp130s0f0np0", { port: 0 }),
  "pci/0000:82:00.0/1": port("pcivf", "eth4", { pfnum: 0, vfnum: 0 }),
  "pci/0000:82:00.0/2": port("pcivf", "eth2", { pfnum: 0, vfnum: 1 }),
  "pci/0000:82:00.1/131071": port("physical", "enp130s0f1np1", { port: 1 }),
};

const json = (value: unknown) => ({ stdout: JSON.stringify(value) });
const info = {
  driver: "mlx5_core",
  serial_number: "MT2211X01234",
  versions: {
    fixed: { "fw.psid": "DEL0000000027" },
    running: { "fw.version": "22.27.6106" },
    stored: { "fw.version": "22.39.1002" },
  },
};
const eswitch = (handle: string, mode: string) => json({ dev: { [handle]: { mode } } });
const vdpa = { type: "network", mgmtdev: "pci/0000:82:00.2", max_vqs: 33 };
const mgmtdev = { supported_classes: ["net"], max_supported_vqs: 65, dev_features: ["MAC", "MQ"] };

export const R740_COMMANDS: NonNullable<Script["commands"]> = {
  "ip -j -d link show": json(R740_NETDEVS),
  "ip -j addr show": json([
    {
      ifname: "eno1",
      addr_info: [{ family: "inet", local: "10.1.0.7", prefixlen: 24 }],
    },
  ]),
  "ip -j -4 route show default": json([{ dst: "default", gateway: "10.1.0.1", dev: "eno1" }]),
  "ip -j -6 route show default": json([]),
  "devlink -j port show": json({ port: R740_PORTS }),
  "devlink -j dev info pci/0000:82:00.0": json({ info: { "pci/0000:82:00.0": info } }),
  "devlink -j dev eswitch show pci/0000:82:00.0": eswitch("pci/0000:82:00.0", "switchdev"),
  "devlink -j dev eswitch show pci/0000:82:00.1": eswitch("pci/0000:82:00.1", "legacy"),
  "vdpa -j mgmtdev show": json({
    mgmtdev: { "pci/0000:82:00.2": mgmtdev, "pci/0000:82:00.3": mgmtdev },
  }),
  "vdpa -j dev show": json({ dev: { "sy-82-0-0": vdpa } }),
  "vdpa -j dev config show": json({
    config: { "sy-82-0-0": { mac: "52:54:00:cb:45:11", max_vq_pairs: 16 } },
  }),
  "modinfo -F filename mlx5_vfio_pci": {
    exitCode: 1,
    stderr: "modinfo: ERROR: Module mlx5_vfio_pci not found.\n",
  },
  "modinfo -F filename vfio-pci": {
    stdout: "/lib/modules/5.14.0-427.13.1.el9_4.x86_64/kernel/drivers/vfio/pci/vfio-pci.ko.xz\n",
  },
  "qemu-system-x86_64 --version": { stdout: "QEMU emulator version 8.2.0\n" },
};

export const R740: Script = {
  commands: R740_COMMANDS,
  files: R740_FILES,
  links: R740_LINKS,
};
