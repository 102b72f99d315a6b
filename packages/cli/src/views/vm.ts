import {
  type AllocatedNic,
  type GuestFacts,
  type GuestFreeze,
  type ImageBoot,
  NicKind,
  NumaPolicy,
  systemTiming,
  Vm,
  VmRuntime,
  type VmSpec,
} from "@switchyard/client";
import { factsOf } from "../output/error.ts";
import type { View } from "../output/print.ts";
import { formatProblem } from "../output/problem.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { plainText } from "../output/text.ts";
import {
  count,
  enumWord,
  formatAge,
  formatBytes,
  formatLabels,
  formatTime,
  shortName,
} from "../output/values.ts";
import { kindWord, showVmState } from "./kinds.ts";

/** One value a NIC. */
const ofNics = <Nic>(nics: readonly Nic[] | undefined, show: (nic: Nic) => string): string =>
  (nics ?? []).map(show).join(" ");

const columns: readonly Column<Vm>[] = [
  { header: "VM", cell: ({ name }) => shortName(name) },
  { header: "STATE", cell: ({ state }, style) => showVmState(state, style) },
  { header: "HOST", cell: ({ allocation }) => shortName(allocation?.host ?? "") },
  {
    header: "KIND",
    cell: ({ allocation }) => (allocation === undefined ? "" : kindWord(allocation.hostKind)),
  },
  {
    header: "NETWORK",
    cell: ({ spec }) => ofNics(spec?.nics, ({ network }) => shortName(network)),
  },
  {
    header: "ADDRESS",
    cell: ({ allocation }) => ofNics(allocation?.nics, ({ address }) => address),
  },
  { header: "MAC", cell: ({ allocation }) => ofNics(allocation?.nics, ({ mac }) => mac) },
  { header: "VCPUS", isNumber: true, cell: ({ spec }) => String(spec?.vcpuCount ?? "") },
  { header: "MEMORY", isNumber: true, cell: ({ spec }) => formatBytes(spec?.memoryBytes ?? 0n) },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

function imageText({ image, diskBytes, guestSetup }: ImageBoot): string {
  const size = diskBytes === 0n ? "" : `, disk of ${formatBytes(diskBytes)}`;
  const isOpen = guestSetup?.developmentEmptyRootPassword === true;
  return `image ${shortName(image)}${size}${isOpen ? ", EMPTY ROOT PASSWORD (development)" : ""}`;
}

function bootText(vm: Vm): string {
  const boot = vm.spec?.boot;
  if (boot === undefined) return "";
  switch (boot.$case) {
    case "disk":
      return `${boot.value.path} (${boot.value.format})`;
    case "kernel":
      return `${boot.value.kernelPath} with ${boot.value.initrdPath}`;
    case "image":
      return imageText(boot.value);
  }
}

const keptText = (spec: VmSpec | undefined): string =>
  [
    spec?.preventDestroy === true ? "can't be deleted" : "",
    spec?.autostart === true ? "started again after its host boots" : "",
  ]
    .filter((each) => each !== "")
    .join(", ");

const nicColumns: readonly Column<AllocatedNic>[] = [
  { header: "NIC", cell: ({ kind }) => enumWord(NicKind, kind) },
  { header: "NETWORK", cell: ({ network }) => shortName(network) },
  { header: "ADDRESS", cell: ({ address }) => address },
  { header: "MAC", cell: ({ mac }) => mac },
  { header: "SLOT", cell: ({ vfIndex, pfPciAddress }) => `VF ${vfIndex} of ${pfPciAddress}` },
  { header: "BRIDGE", cell: ({ kind, bridge }) => (kind === NicKind.SRIOV ? "" : bridge) },
  {
    header: "QUEUES",
    isNumber: true,
    cell: ({ queuePairs }) => (queuePairs === 0 ? "" : String(queuePairs)),
  },
];

const nicTable = (nics: readonly AllocatedNic[], style: Style): string =>
  formatTable(nicColumns, nics, { style, hasHeaders: true });

const tuningText = ({ hugepageBytes, numaPolicy, cpuPinning }: VmSpec): string =>
  [
    hugepageBytes === 0n ? "" : `huge pages of ${formatBytes(hugepageBytes)}`,
    numaPolicy === 0 ? "" : `NIC's NUMA node ${enumWord(NumaPolicy, numaPolicy)}`,
    cpuPinning ? "vCPUs pinned" : "",
  ]
    .filter((each) => each !== "")
    .join(", ");

const addressesOf = (guest: GuestFacts): string =>
  guest.netdevs
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ name, addresses }) => `${name} ${addresses.join(" ")}`)
    .join(", ");

/** A guest may say anything: it is said that it is the guest who says it. */
const guestFields = (guest: GuestFacts | undefined): readonly (readonly [string, string])[] =>
  guest === undefined
    ? []
    : [
        ["guest says", [guest.hostname, guest.os, guest.kernelRelease].filter(Boolean).join(", ")],
        ["its addresses", addressesOf(guest)],
      ].map(([label = "", text = ""]) => [label, plainText(text)] as const);

const freezeText = ({ fileSystemCount, thawTime }: GuestFreeze): string =>
  fileSystemCount === 0
    ? "being thawed"
    : `${count(fileSystemCount, "file system")}, until ${formatTime(thawTime)} UTC at the latest`;

/** @param moves the best way it could be moved, in words */
function describe(vm: Vm, style: Style, moves?: string): string {
  const { spec, allocation, failure } = vm;
  const fields = formatFields([
    ["host", allocation && `${shortName(allocation.host)} (${kindWord(allocation.hostKind)})`],
    ["size", spec && `${count(spec.vcpuCount, "vCPU")}, ${formatBytes(spec.memoryBytes)}`],
    ["tied to", spec && tuningText(spec)],
    ["boots", bootText(vm)],
    ["runtime", spec && enumWord(VmRuntime, spec.runtime)],
    ["guest agent", spec && (spec.hasGuestAgent ? "yes" : "no")],
    ...guestFields(vm.guest),
    ["frozen", vm.freeze && freezeText(vm.freeze)],
    ["only on", formatLabels(spec?.hostSelector ?? {})],
    ["kept", keptText(spec)],
    ["because", vm.stateReason],
    ["home", vm.homeHost && `${shortName(vm.homeHost)}, from which it was evacuated`],
    ["moves", moves],
    ["job", vm.job && shortName(vm.job)],
  ]);
  const problem =
    failure === undefined
      ? ""
      : `\n${formatProblem({ severity: "error", ...failure, facts: factsOf(failure.reason, failure.metadata) }, style)}`;
  const nics = allocation === undefined ? "" : `\n${nicTable(allocation.nics, style)}`;
  return `${style.bold(vm.name)}  ${showVmState(vm.state, style)}\n${fields}${nics}${problem}`;
}

export const vmView: View<Vm> = {
  plural: "vms",
  toJson: Vm.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe: (vm, style) => describe(vm, style),
};

/** As {@link vmView}, with the best way the VM could be moved. */
export const vmViewWith = (moves: string): View<Vm> => ({
  ...vmView,
  describe: (vm, style) => describe(vm, style, moves),
});
