import { HostOffload, type SoftwareFlow, systemTiming } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { formatAge, formatBytes, shortName } from "../output/values.ts";
import { kindWord } from "./kinds.ts";

const onOff = (value: boolean | undefined): string =>
  value === undefined ? "" : value ? "on" : "off";

function enabledText({ wanted, enabled, isRestartPending }: HostOffload, style: Style): string {
  const text = onOff(enabled);
  if (isRestartPending) return style.state("warn", `${text}, restart pending`);
  const isOther = wanted !== undefined && enabled !== undefined && wanted !== enabled;
  return isOther ? style.state("warn", text) : text;
}

/** Where offload is not enabled there is nothing to prove. */
function provenText({ enabled, proof }: HostOffload, style: Style): string {
  if (enabled !== true) return "";
  if (proof === undefined) return style.state("warn", "no");
  return style.state("good", `since ${formatAge(proof.time, systemTiming.nowMs())}`);
}

const shareText = ({ hardwareShare }: HostOffload): string =>
  hardwareShare === undefined ? "" : `${(hardwareShare * 100).toFixed(1)} %`;

const columns: readonly Column<HostOffload>[] = [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "KIND", cell: ({ hostKind }) => kindWord(hostKind) },
  { header: "WANTED", cell: ({ wanted }) => onOff(wanted) },
  { header: "SET", cell: enabledText },
  { header: "PROVEN", cell: provenText },
  { header: "IN HARDWARE", isNumber: true, cell: shareText },
];

const flowColumns: readonly Column<SoftwareFlow>[] = [
  { header: "FROM", cell: ({ inPort }) => inPort },
  { header: "TO", cell: ({ actions }) => actions },
  { header: "PACKETS", isNumber: true, cell: ({ packetCount }) => String(packetCount) },
  { header: "BYTES", isNumber: true, cell: ({ sizeBytes }) => formatBytes(sizeBytes) },
  { header: "CAUSE", cell: ({ cause }) => cause },
  { header: "WHY", cell: ({ explanation }) => explanation },
];

const lookText = ({ look }: HostOffload): string | undefined =>
  look &&
  `${look.hardwareFlowCount} between ports of the card in hardware, ${look.softwareFlowCount} in software; ${look.otherFlowCount} to or from other ports`;

/** One thing to try for each cause, in the order in which the flows are shown. */
function fixLines({ look }: HostOffload): string {
  const fixes = new Map(
    look?.softwareFlows.map(({ cause, fix }) => [`${cause} ${fix}`, { cause, fix }]),
  );
  return [...fixes.values()]
    .filter(({ fix }) => fix !== "")
    .map(({ cause, fix }) => `${cause}  try: ${fix}\n`)
    .join("");
}

function describe(offload: HostOffload, style: Style): string {
  const { host, hostKind, proof, look, silence } = offload;
  const fields = formatFields([
    ["kind", kindWord(hostKind)],
    ["wanted", onOff(offload.wanted) || "not by a profile"],
    ["set", enabledText(offload, style) || "not known"],
    ["proven", provenText(offload, style) || "not enabled"],
    ["proven by", proof && `a flow from ${proof.inPort} to ${proof.outPort}`],
    ["in hardware", shareText(offload) || "no packet passed between ports of the card of late"],
    ["flows", lookText(offload)],
    ["not looked at", silence === "" ? undefined : style.state("warn", silence)],
  ]);
  const flows = look?.softwareFlows ?? [];
  const table =
    flows.length === 0 ? "" : `\n${formatTable(flowColumns, flows, { style, hasHeaders: true })}`;
  return `${style.bold(host)}\n${fields}${table}${fixLines(offload)}`;
}

export const offloadView: View<HostOffload> = {
  plural: "hostOffloads",
  toJson: HostOffload.toJSON,
  nameOf: ({ host }) => host,
  columns,
  describe,
};
