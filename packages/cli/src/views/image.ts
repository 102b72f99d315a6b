import { Image, type ImageCopy, ImageCopyState } from "@switchyard/client";
import { factsOf } from "../output/error.ts";
import type { View } from "../output/print.ts";
import { formatProblem } from "../output/problem.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields, formatTable } from "../output/table.ts";
import { formatBytes, shortName } from "../output/values.ts";
import { showImageCopyState } from "./kinds.ts";

const hosts = ({ cachedHostCount, fetchingHostCount, failedHostCount }: Image): string =>
  [
    `${cachedHostCount} cached`,
    ...(fetchingHostCount > 0 ? [`${fetchingHostCount} fetching`] : []),
    ...(failedHostCount > 0 ? [`${failedHostCount} failed`] : []),
  ].join(", ");

const columns: readonly Column<Image>[] = [
  { header: "IMAGE", cell: ({ name }) => shortName(name) },
  { header: "FORMAT", cell: ({ spec }) => spec?.format ?? "" },
  { header: "HOSTS", cell: hosts },
  { header: "VMS", isNumber: true, cell: ({ vmCount }) => String(vmCount) },
  { header: "SOURCE", cell: ({ spec }) => spec?.source ?? "" },
];

const describe = (image: Image, style: Style): string => {
  const { spec } = image;
  return `${style.bold(image.name)}\n${formatFields([
    ["source", spec?.source],
    ["sha256", spec?.sha256],
    ["format", spec?.format],
    ["size", spec && `at most ${formatBytes(spec.sizeBytesMax)}`],
    ["disk", spec && `at most ${formatBytes(spec.virtualSizeBytesMax)}`],
    ["packages", spec?.packages.join(", ")],
    ["hosts", hosts(image)],
    ["VMs", String(image.vmCount)],
    ["etag", image.etag],
  ])}`;
};

export const imageView: View<Image> = {
  plural: "images",
  toJson: Image.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};

const copyColumns = (style: Style): readonly Column<ImageCopy>[] => [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "STATE", cell: ({ state }) => showImageCopyState(state, style) },
  { header: "JOB", cell: ({ job }) => shortName(job) },
];

/** Where the image is, with what went wrong below. */
export function formatCopies(copies: readonly ImageCopy[], style: Style): string {
  if (copies.length === 0) return "";
  const problems = copies
    .filter(({ state, failure }) => state === ImageCopyState.FAILED && failure !== undefined)
    .map(({ host, failure = { reason: "", message: "", metadata: {}, step: "" } }) => {
      const { reason, message, metadata } = failure;
      const facts = [["host", host], ...factsOf(reason, metadata)] as const;
      return formatProblem({ severity: "error", message, reason, facts }, style);
    });
  return `\n${formatTable(copyColumns(style), copies, { style, hasHeaders: true })}${problems.join("")}`;
}
