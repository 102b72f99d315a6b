import {
  type Disruption,
  digestOf,
  type Finding,
  type HostPlan,
  type Step,
  type StepArguments,
  type StepKind,
  type StepOf,
} from "@switchyard/model";

/** A step before it has its place in a plan. */
export type DraftOf<Kind extends StepKind> = Omit<StepOf<Kind>, "id">;
export type Draft = { readonly [Kind in StepKind]: DraftOf<Kind> }[StepKind];

/** What people read about a step; the digest leaves all of it out. */
export type DraftText = Pick<Step, "title" | "commands"> &
  Partial<Pick<Step, "disruption" | "isReversible">>;

export function draft<Kind extends StepKind>(
  kind: Kind,
  stepArguments: StepArguments[Kind],
  text: DraftText,
): Draft {
  // The mapped union can't be narrowed by a generic key; kind and arguments belong together by signature.
  return {
    kind,
    arguments: stepArguments,
    disruption: "none",
    isReversible: true,
    ...text,
  } as unknown as Draft;
}

const DISRUPTIONS_LEAST_FIRST = ["none", "datapath", "ovs-restart", "reboot"] as const;

const worstDisruption = (drafts: readonly Draft[]): Disruption =>
  drafts.reduce<Disruption>(
    (worst, { disruption }) =>
      DISRUPTIONS_LEAST_FIRST.indexOf(disruption) > DISRUPTIONS_LEAST_FIRST.indexOf(worst)
        ? disruption
        : worst,
    "none",
  );

const stepId = (index: number, kind: StepKind): string =>
  `${String(index + 1).padStart(2, "0")}-${kind}`;

/** Numbers the drafts and sums them up. The digest covers kinds and arguments only. */
export function finishPlan(parts: {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
  readonly affectedVms?: readonly string[];
}): HostPlan {
  const { drafts, findings, affectedVms = [] } = parts;
  return {
    steps: drafts.map((each, index) => ({ id: stepId(index, each.kind), ...each }) as Step),
    findings,
    disruption: worstDisruption(drafts),
    affectedVms,
    digest: digestOf(drafts.map(({ kind, arguments: own }) => ({ kind, arguments: own }))),
  };
}
