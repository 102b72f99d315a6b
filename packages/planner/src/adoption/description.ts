import type { Finding, HostDesired, HostId, Inventory, ProfileId } from "@switchyard/model";
import { type FindingText, warningFinding } from "../findings/finding.ts";
import { describeEffect } from "../host/reboot/describe-effect.ts";
import type { PlanSection } from "../host/sections/section.ts";

/** What a section is written from. */
export interface DescriptionContext {
  readonly host: HostId;
  readonly observed: Inventory;
  /**
   * What the last plan was to make of the host. Files and their checksums, which no host shows, are taken from
   * it, and only where the host is as they make it.
   */
  readonly applied: HostDesired | undefined;
}

/** One section of a profile; undefined where the host has nothing of it, or nothing a profile could say. */
export interface Description<Spec> {
  readonly spec: Spec | undefined;
  readonly findings: readonly Finding[];
}

export const nothingFound: Description<never> = { spec: undefined, findings: [] };

/** Something of the host that the profile does not have. */
export const leftOut = (host: string, what: string, text: Omit<FindingText, "message">): Finding =>
  warningFinding("HOST_NOT_DESCRIBABLE", {
    message: `the profile of ${host} leaves out ${what}`,
    ...text,
  });

/** Stands for the profile while there is none. */
const AS_FOUND = "as-found" as ProfileId;

/** A wish for the host that asks for nothing. */
export const desireNothingOf = (host: HostId): HostDesired => ({
  host,
  generation: 0,
  profile: AS_FOUND,
  profileGeneration: 0,
  datapath: undefined,
});

/**
 * The section if the host is as it says already; otherwise it is left out, and the finding says what its plan
 * would do.
 *
 * @param what the section in words: `its kernel arguments`
 * @param part the section's member of what is wished for
 */
export function provenSection<Spec>(
  { host, observed }: DescriptionContext,
  section: { readonly plan: PlanSection; readonly what: string },
  candidate: { readonly spec: Spec; readonly part: Partial<HostDesired> },
): Description<Spec> {
  const desired = { ...desireNothingOf(host), ...candidate.part };
  const { drafts, rebootEffects, findings } = section.plan({ host, desired, observed });
  const obstacles = findings.filter(({ severity }) => severity === "error");
  const works = [
    ...drafts.map(({ title }) => title),
    ...rebootEffects.map((effect) => `a boot for ${describeEffect(effect)}`),
    ...obstacles.map(({ message, found }) => `${message}: ${found}`),
  ];
  if (works.length === 0) return { spec: candidate.spec, findings: [] };
  const found = `a plan would have to do this: ${works.join("; ")}`;
  const needs = "a host that is as the section would have it";
  return { spec: undefined, findings: [leftOut(host, section.what, { found, needs })] };
}
