import { type ImageBoot, systemTiming, Vm, type VmSpec } from "@switchyard/client";
import { factsOf } from "../output/error.ts";
import type { View } from "../output/print.ts";
import { formatProblem } from "../output/problem.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { count, formatAge, formatBytes, formatLabels, shortName } from "../output/values.ts";
import { kindWord, showVmState } from "./kinds.ts";

const columns: readonly Column<Vm>[] = [
  { header: "VM", cell: ({ name }) => shortName(name) },
  { header: "STATE", cell: ({ state }, style) => showVmState(state, style) },
  { header: "HOST", cell: ({ allocation }) => shortName(allocation?.host ?? "") },
  {
    header: "KIND",
    cell: ({ allocation }) => (allocation === undefined ? "" : kindWord(allocation.hostKind)),
  },
  { header: "NETWORK", cell: ({ spec }) => shortName(spec?.network ?? "") },
  { header: "ADDRESS", cell: ({ allocation }) => allocation?.address ?? "" },
  { header: "MAC", cell: ({ allocation }) => allocation?.mac ?? "" },
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

function describe(vm: Vm, style: Style): string {
  const { spec, allocation, failure } = vm;
  const fields = formatFields([
    ["host", allocation && `${shortName(allocation.host)} (${kindWord(allocation.hostKind)})`],
    ["slot", allocation && `VF ${allocation.vfIndex} of ${allocation.pfPciAddress}`],
    [
      "network",
      spec && `${shortName(spec.network)}${allocation ? `, bridge ${allocation.bridge}` : ""}`,
    ],
    ["address", allocation?.address],
    ["MAC", allocation?.mac],
    ["size", spec && `${count(spec.vcpuCount, "vCPU")}, ${formatBytes(spec.memoryBytes)}`],
    ["queues", spec && count(spec.queuePairs, "queue pair")],
    ["boots", bootText(vm)],
    ["guest agent", spec && (spec.hasGuestAgent ? "yes" : "no")],
    ["only on", formatLabels(spec?.hostSelector ?? {})],
    ["kept", keptText(spec)],
    ["because", vm.stateReason],
    ["job", vm.job && shortName(vm.job)],
  ]);
  const problem =
    failure === undefined
      ? ""
      : `\n${formatProblem({ severity: "error", ...failure, facts: factsOf(failure.reason, failure.metadata) }, style)}`;
  return `${style.bold(vm.name)}  ${showVmState(vm.state, style)}\n${fields}${problem}`;
}

export const vmView: View<Vm> = {
  plural: "vms",
  toJson: Vm.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
