import type { Finding, HostDesired, Inventory, RebootEffect } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";

export interface SectionContext {
  readonly host: string;
  readonly desired: HostDesired;
  /** The host as it will be once the sections before have done their part. */
  readonly observed: Inventory;
}

/** What one part of a profile asks of the host. */
export interface Section {
  /** Only steps whose observed state differs, in order. */
  readonly drafts: readonly Draft[];
  /** Errors block the plan, warnings do not. */
  readonly findings: readonly Finding[];
  /** What comes into force with the next boot only, whoever set it. */
  readonly rebootEffects: readonly RebootEffect[];
  /** The host as it will be once the steps ran and, where there are effects, once it has booted. */
  readonly after: Inventory;
}

/** Pure, as all planning is. */
export type PlanSection = (context: SectionContext) => Section;

/** A part of the profile with nothing to do. */
export const emptySection = (observed: Inventory): Section => ({
  drafts: [],
  findings: [],
  rebootEffects: [],
  after: observed,
});

/** Several sections as one, each on the host as the ones before leave it. */
export function runSections(sections: readonly PlanSection[], context: SectionContext): Section {
  return sections.reduce<Section>((sum, plan) => {
    const section = plan({ ...context, observed: sum.after });
    return {
      drafts: [...sum.drafts, ...section.drafts],
      findings: [...sum.findings, ...section.findings],
      rebootEffects: [...sum.rebootEffects, ...section.rebootEffects],
      after: section.after,
    };
  }, emptySection(context.observed));
}
