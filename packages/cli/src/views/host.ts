import { DatapathMode, Host, type Inventory, systemTiming } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import {
  count,
  enumWord,
  formatAge,
  formatBytes,
  formatLabels,
  formatTimestamp,
  shortName,
} from "../output/values.ts";
import { setupSections } from "./host-setup.ts";
import { formatFindings, kindWord, showHostState } from "./kinds.ts";
import { systemFactFields } from "./system-facts.ts";

const columns: readonly Column<Host>[] = [
  { header: "HOST", cell: ({ name }) => shortName(name) },
  { header: "KIND", cell: ({ kind }) => kindWord(kind) },
  {
    header: "STATE",
    cell: ({ state, cordon, fence }, style) =>
      [
        showHostState(state, style),
        fence === undefined ? "" : "fenced",
        cordon === undefined ? "" : "cordoned",
      ]
        .filter((word) => word !== "")
        .join(", "),
  },
  { header: "PROFILE", cell: ({ appliedProfile }) => shortName(appliedProfile) },
  {
    header: "SLOTS FREE",
    isNumber: true,
    cell: ({ capacity }) =>
      capacity === undefined ? "" : `${capacity.slotFreeCount}/${capacity.slotCount}`,
  },
  {
    header: "VCPUS FREE",
    isNumber: true,
    cell: ({ capacity }) =>
      capacity === undefined ? "" : `${capacity.vcpuFreeCount}/${capacity.vcpuCount}`,
  },
  {
    header: "MEMORY FREE",
    isNumber: true,
    cell: ({ capacity }) => (capacity === undefined ? "" : formatBytes(capacity.memoryFreeBytes)),
  },
  {
    header: "FINDINGS",
    cell: ({ findings }) => [...new Set(findings.map(({ reason }) => reason))].join(", "),
  },
  {
    header: "DRIFT",
    isNumber: true,
    cell: ({ drift }) => (drift.length === 0 ? "" : String(drift.length)),
  },
  { header: "LABELS", cell: ({ labels }) => formatLabels(labels) },
  { header: "SEEN", cell: ({ lastSeenTime }) => formatAge(lastSeenTime, systemTiming.nowMs()) },
];

function describe(host: Host, style: Style): string {
  const head = `${style.bold(host.name)}  ${kindWord(host.kind)}  ${showHostState(host.state, style)}\n`;
  const { inventory } = host;
  return [
    head,
    formatFields([
      ...hostFields(host),
      ...(inventory === undefined
        ? []
        : [...systemFields(inventory), ...systemFactFields(inventory)]),
    ]),
    ...(inventory === undefined ? [] : inventorySections(inventory, style)),
    ...driftSection(host, style),
    ...(host.findings.length === 0 ? [] : [`\n${formatFindings(host.findings, style)}`]),
  ].join("");
}

const DRIFT_COLUMNS: readonly Column<Host["drift"][number]>[] = [
  { header: "FIELD", cell: ({ field }) => field },
  { header: "OBSERVED", cell: ({ observed }) => observed },
  { header: "APPLIED", cell: ({ desired }) => desired },
  { header: "SINCE", cell: ({ sinceTime }) => formatTimestamp(sinceTime) },
];

function driftSection({ drift }: Host, style: Style): readonly string[] {
  if (drift.length === 0) return [];
  const title = `\n${style.bold("Drift")}  changed by no job of Switchyard\n`;
  return [title, formatTable(DRIFT_COLUMNS, drift, { style, hasHeaders: true })];
}

const hostFields = (host: Host): readonly (readonly [string, string | undefined])[] => [
  ["labels", formatLabels(host.labels)],
  [
    "profile",
    host.appliedProfile &&
      `${shortName(host.appliedProfile)}, generation ${host.appliedGeneration}`,
  ],
  [
    "mode",
    host.datapathMode === 0 ? "" : `${enumWord(DatapathMode, host.datapathMode)}, set on the host`,
  ],
  [
    "free",
    host.capacity &&
      `${host.capacity.slotFreeCount} of ${count(host.capacity.slotCount, "slot")}, ` +
        `${host.capacity.vcpuFreeCount} of ${count(host.capacity.vcpuCount, "vCPU")}, ` +
        `${formatBytes(host.capacity.memoryFreeBytes)} of ${formatBytes(host.capacity.memoryBytes)}`,
  ],
  [
    "cordoned",
    host.cordon &&
      `${host.cordon.reason}, by ${host.cordon.actor} ${formatTimestamp(host.cordon.time)}`,
  ],
  ["experiment", host.experiment && `${shortName(host.experiment)} has it for itself`],
  ["fenced", host.fence && `${host.fence.evidence}, ${formatTimestamp(host.fence.time)}`],
  ["agent", host.agentVersion],
  ["last seen", host.lastSeenTime && `${formatAge(host.lastSeenTime, systemTiming.nowMs())} ago`],
];

const vmPlaceText = ({ virtualization }: Inventory): string =>
  virtualization === undefined
    ? ""
    : virtualization.vmScopes
      ? "a systemd scope each, with their own devices only"
      : "a session each";

const systemFields = (inventory: Inventory): readonly (readonly [string, string])[] => [
  [
    "machine",
    `${inventory.machineVendor} ${inventory.machineModel} (serial ${inventory.machineSerial})`,
  ],
  ["system", `${inventory.osName}, kernel ${inventory.kernelRelease}`],
  [
    "cpu",
    `${inventory.cpuModel}, ${count(inventory.cpuSocketCount, "socket")}, ${count(inventory.cpuThreadCount, "thread")}`,
  ],
  ["memory", formatBytes(inventory.memoryBytes)],
  ["iommu", count(inventory.iommuGroupCount, "group")],
  ["qemu", inventory.qemuVersion && `${inventory.qemuVersion}, ${inventory.accelerator}`],
  ["libvirt", inventory.virtualization?.libvirtVersion ?? ""],
  ["vms run in", vmPlaceText(inventory)],
];

function inventorySections(inventory: Inventory, style: Style): readonly string[] {
  const options = { style, hasHeaders: true };
  return [
    ...inventory.nics.map(
      (nic) =>
        `\n${style.bold(nic.model)}  ${nic.psid && `PSID ${nic.psid}  `}${firmwareText(nic)}${driverText(nic)}\n` +
        formatTable(PF_COLUMNS, nic.pfs, options) +
        formatSlots(nic.pfs, options),
    ),
    ...bridgeSection(inventory, options),
    ...setupSections(inventory, style),
  ];
}

const firmwareText = (nic: Inventory["nics"][number]): string => {
  if (nic.runningFirmware === "") return nic.driver;
  const isWaiting = nic.storedFirmware !== "" && nic.storedFirmware !== nic.runningFirmware;
  return `firmware ${nic.runningFirmware}${isWaiting ? ` (${nic.storedFirmware} waits for a reboot)` : ""}`;
};

/** Only what a person must know: the vendor's driver, and one that waits to be loaded. */
function driverText({ driverInfo }: Inventory["nics"][number]): string {
  if (driverInfo === undefined) return "";
  const { module, isLoaded, loadedVersion, release } = driverInfo;
  if (!isLoaded) return `  ${module} not loaded`;
  if (loadedVersion !== "") return `  driver ${loadedVersion}`;
  return release === "" ? "" : `  inbox driver (${release} waits to be loaded)`;
}

type Pf = Inventory["nics"][number]["pfs"][number];

const upOrDown = (link: Pf["link"]): string => {
  if (link === undefined) return "";
  if (!link.isUp) return "down";
  return link.hasCarrier ? "up" : "up, no carrier";
};

const PF_COLUMNS: readonly Column<Pf>[] = [
  { header: "PF", cell: ({ pciAddress }) => pciAddress },
  { header: "NETDEV", cell: ({ link }) => link?.netdev ?? "" },
  { header: "LINK", cell: ({ link }) => upOrDown(link) },
  { header: "ESWITCH", cell: ({ eswitchMode }) => eswitchMode },
  { header: "VFS", isNumber: true, cell: ({ vfCount, totalVfs }) => `${vfCount}/${totalVfs}` },
  { header: "NUMA", isNumber: true, cell: ({ numaNode }) => String(numaNode) },
];

type Vf = Pf["vfs"][number];

const VF_COLUMNS: readonly Column<Vf>[] = [
  { header: "VF", cell: ({ index, pciAddress }) => `${index} ${pciAddress}` },
  { header: "DRIVER", cell: ({ driver }) => driver },
  { header: "REPRESENTOR", cell: ({ representor }) => representor?.netdev ?? "" },
  { header: "LINK", cell: ({ representor }) => upOrDown(representor) },
  { header: "VDPA", cell: ({ vdpa }) => vdpa?.name ?? "" },
  { header: "MAC", cell: ({ vdpa, adminMac }) => vdpa?.mac || adminMac },
  { header: "VQP", isNumber: true, cell: ({ vdpa }) => (vdpa ? String(vdpa.maxVqp) : "") },
  { header: "DEVICE", cell: ({ vdpa }) => vdpa?.vhostPath ?? "" },
];

function formatSlots(
  pfs: readonly Pf[],
  options: { readonly style: Style; readonly hasHeaders: boolean },
): string {
  const vfs = pfs.flatMap((pf) => pf.vfs);
  return vfs.length === 0 ? "" : formatTable(VF_COLUMNS, vfs, options);
}

type Bridge = NonNullable<Inventory["ovs"]>["bridges"][number];

const BRIDGE_COLUMNS: readonly Column<Bridge>[] = [
  { header: "BRIDGE", cell: ({ name }) => name },
  { header: "OURS", cell: ({ isOurs }) => (isOurs ? "yes" : "no") },
  { header: "LINK", cell: ({ isUp }) => (isUp ? "up" : "down") },
  { header: "ADDRESSES", cell: ({ addresses }) => addresses.join(", ") },
  {
    header: "PORTS",
    cell: ({ ports }) =>
      ports.map(({ name, error }) => (error === "" ? name : `${name} (${error})`)).join(", "),
  },
];

function bridgeSection(
  { ovs }: Inventory,
  options: { readonly style: Style; readonly hasHeaders: boolean },
): readonly string[] {
  if (ovs === undefined) return [];
  const offload = `hw-offload ${ovs.hwOffload ? "on" : "off"}`;
  const restart = ovs.isRestartPending ? ", restart pending" : "";
  const state = ovs.isRunning ? `${offload}${restart}` : "stopped";
  const title = `\n${options.style.bold(`Open vSwitch ${ovs.version}`)}  ${state}\n`;
  return [title, ovs.bridges.length === 0 ? "" : formatTable(BRIDGE_COLUMNS, ovs.bridges, options)];
}

export const hostView: View<Host> = {
  plural: "hosts",
  toJson: Host.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
