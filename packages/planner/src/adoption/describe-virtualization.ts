import {
  QEMU_LINK,
  qemuProgram,
  type VirtualizationFacts,
  type VirtualizationSpec,
} from "@switchyard/model";
import { virtualizationSection } from "../host/sections/virtualization.ts";
import {
  type Description,
  type DescriptionContext,
  leftOut,
  nothingFound,
  provenSection,
} from "./description.ts";

const SECTION = { plan: virtualizationSection, what: "QEMU and libvirt" };

/** QEMU and libvirt as they are; a QEMU that was built here only where the last plan says from what. */
export function describeVirtualization(
  context: DescriptionContext,
): Description<VirtualizationSpec> {
  const facts = context.observed.virtualization;
  if (facts === undefined || facts.qemus.length === 0) return nothingFound;
  const qemu = qemuOf(context, facts);
  if (qemu === undefined)
    return { spec: undefined, findings: [sourceUnknown(context.host, facts)] };
  const { user, group } = facts.libvirtUser ?? {};
  const isWhole = user !== undefined && group !== undefined;
  const spec: VirtualizationSpec = { qemu, libvirtUser: isWhole ? { user, group } : undefined };
  const proven = provenSection(context, SECTION, { spec, part: { virtualization: spec } });
  const isHalf = !isWhole && (user ?? group) !== undefined;
  return { spec: proven.spec, findings: [...proven.findings, ...(isHalf ? [half(context)] : [])] };
}

const linkTarget = ({ qemuLink }: VirtualizationFacts): string | undefined =>
  qemuLink.kind === "link" ? qemuLink.target : undefined;

function qemuOf(
  { applied }: DescriptionContext,
  facts: VirtualizationFacts,
): VirtualizationSpec["qemu"] | undefined {
  const asked = applied?.virtualization?.qemu;
  const target = linkTarget(facts);
  if (asked?.kind === "source" && target === qemuProgram(asked.version)) return asked;
  const isBuilt = facts.qemus.some(
    ({ path, version }) => path === target && path === qemuProgram(version ?? ""),
  );
  return isBuilt ? undefined : { kind: "distribution" };
}

function sourceUnknown(host: string, facts: VirtualizationFacts) {
  const version = facts.qemus.find(({ path }) => path === QEMU_LINK)?.version;
  return leftOut(host, "a QEMU that was built from source", {
    found: `${QEMU_LINK} leads to ${linkTarget(facts)}, version ${version ?? "unknown"}`,
    needs: "the source's place and its SHA-256",
    fix: "Add virtualization.qemu_source; a version that is there is not built again.",
  });
}

const half = ({ host, observed }: DescriptionContext) =>
  leftOut(host, "whom libvirt runs QEMU as", {
    found: `user ${observed.virtualization?.libvirtUser?.user ?? "not set"}, group ${observed.virtualization?.libvirtUser?.group ?? "not set"}`,
    needs: "both, or neither",
  });
