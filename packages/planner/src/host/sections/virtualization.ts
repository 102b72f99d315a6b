import {
  artefactPath,
  compareVersions,
  type DistroProfile,
  type Finding,
  findDistroProfile,
  type Inventory,
  isQemuLinkOurs,
  QEMU_LINK,
  QEMU_OF_RHEL,
  qemuProgram,
  type VirtualizationFacts,
  type VirtualizationSpec,
} from "@switchyard/model";
import { errorFinding } from "../../findings/finding.ts";
import { ensureArtefact } from "../../steps/artefact-steps.ts";
import type { Draft } from "../../steps/draft.ts";
import {
  ensureLibvirtUser,
  ensureQemuBuilt,
  ensureQemuLink,
} from "../../steps/virtualization-steps.ts";
import { packageDrafts } from "./packages.ts";
import { emptySection, type PlanSection, type Section } from "./section.ts";
import {
  foreignLink,
  QEMU_OF_VDPA,
  qemuTooOld,
  versionFindings,
} from "./virtualization-findings.ts";

/** What QEMU and libvirt a host has, whether it said so or not. */
const NO_FACTS: VirtualizationFacts = {
  qemuLink: { kind: "absent" },
  qemus: [],
  libvirtVersion: undefined,
  libvirtUser: undefined,
  isLibvirtRestartDue: false,
};

interface Wanted {
  readonly host: string;
  readonly observed: Inventory;
  readonly facts: VirtualizationFacts;
  readonly spec: VirtualizationSpec;
  readonly distro: DistroProfile;
}

/**
 * QEMU and libvirt: packages, a QEMU of one's own where asked for, its name, and whom libvirt runs
 * it as.
 */
export const virtualizationSection: PlanSection = ({ host, desired, observed }) => {
  const spec = desired.virtualization;
  const facts = observed.virtualization;
  const empty = emptySection(observed);
  if (spec === undefined) {
    const findings = facts === undefined ? [] : versionFindings(host, facts);
    return { ...empty, findings: findings.map((each) => ({ ...each, severity: "warning" })) };
  }
  const distro = findDistroProfile(observed.os);
  if (distro === undefined) {
    const finding = errorFinding("DISTRIBUTION_UNSUPPORTED", {
      message: `${host} runs a distribution that Switchyard can't install QEMU on`,
      found: observed.os.prettyName,
      needs: "the RHEL or the Debian family",
    });
    return { ...empty, findings: [finding] };
  }
  return planVirtualization({ host, observed, facts: facts ?? NO_FACTS, spec, distro });
};

function planVirtualization(wanted: Wanted): Section {
  const { observed, facts, spec } = wanted;
  const target = linkTarget(wanted);
  const drafts = [
    ...installDrafts(wanted),
    ...buildDrafts(wanted),
    ...(target === undefined ? [] : [ensureQemuLink(target, facts.qemuLink.kind === "link")]),
    ...userDrafts(wanted),
  ];
  return {
    drafts,
    findings: findingsOf(wanted),
    rebootEffects: [],
    after: {
      ...observed,
      virtualization: {
        ...facts,
        libvirtUser: spec.libvirtUser ?? facts.libvirtUser,
        ...(target !== undefined && { qemuLink: { kind: "link", target } as const }),
      },
    },
  };
}

/** Without a list of packages, programs that are there tell that their packages are. */
function installDrafts({ observed, facts, distro }: Wanted): readonly Draft[] {
  const isThere = facts.qemus.length > 0 && facts.libvirtVersion !== undefined;
  const isUnknown = observed.system?.packages === undefined;
  if (isUnknown && isThere) return [];
  return packageDrafts(observed, distro, { role: "virtualization" });
}

const hasBuilt = ({ qemus }: VirtualizationFacts, version: string): boolean =>
  qemus.some((each) => each.path === qemuProgram(version) && each.version === version);

function buildDrafts({ observed, facts, spec, distro }: Wanted): readonly Draft[] {
  const { qemu } = spec;
  if (qemu.kind === "distribution" || hasBuilt(facts, qemu.version)) return [];
  const source = {
    version: qemu.version,
    archivePath: artefactPath(qemu.archive.sha256),
    jobCount: observed.cpu.threadCount,
  };
  return [
    ...packageDrafts(observed, distro, { role: "qemu-build" }),
    ensureArtefact(qemu.archive, `the source of QEMU ${qemu.version}`),
    ensureQemuBuilt(source),
  ];
}

/** Where QEMU's name shall lead; undefined where it leads there, or where there is a program under it. */
function linkTarget({ facts, spec, distro }: Wanted): string | undefined {
  const { qemuLink } = facts;
  const ofDistribution = distro.family === "rhel" ? QEMU_OF_RHEL : undefined;
  const target = spec.qemu.kind === "source" ? qemuProgram(spec.qemu.version) : ofDistribution;
  switch (qemuLink.kind) {
    case "absent":
      return target;
    case "link":
      return isQemuLinkOurs(qemuLink.target) && qemuLink.target !== target ? target : undefined;
    case "program":
      return undefined;
  }
}

function userDrafts({ facts, spec: { libvirtUser } }: Wanted): readonly Draft[] {
  if (libvirtUser === undefined) return [];
  const isSet =
    facts.libvirtUser?.user === libvirtUser.user && facts.libvirtUser.group === libvirtUser.group;
  return isSet && !facts.isLibvirtRestartDue ? [] : [ensureLibvirtUser(libvirtUser)];
}

function findingsOf({ host, facts, spec }: Wanted): readonly Finding[] {
  const { qemuLink } = facts;
  if (spec.qemu.kind === "distribution") return versionFindings(host, facts);
  const { version } = spec.qemu;
  const isTaken =
    qemuLink.kind === "program" || (qemuLink.kind === "link" && !isQemuLinkOurs(qemuLink.target));
  const found = qemuLink.kind === "link" ? `a link to ${qemuLink.target}` : "a program";
  return [
    ...(isTaken ? [foreignLink(host, `${found} at ${QEMU_LINK}`)] : []),
    ...(compareVersions(version, QEMU_OF_VDPA) < 0 ? [qemuTooOld(host, version)] : []),
  ];
}
