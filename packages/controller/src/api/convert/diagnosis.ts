import type { CheckResult, CheckStatus, SafeFix } from "@switchyard/model";
import { type CheckId, checkEntry, isPreflightCheck } from "@switchyard/model";
import type { Likelihood as Likely, SymptomAnswer } from "@switchyard/planner";
import {
  type Check,
  Likelihood,
  type CheckResult as ProtoCheckResult,
  CheckStatus as ProtoCheckStatus,
  SafeFix as ProtoSafeFix,
  Soundness,
  type SymptomExplanation,
} from "@switchyard/proto";

export const CHECK_STATUS: Readonly<Record<CheckStatus, ProtoCheckStatus>> = {
  skip: ProtoCheckStatus.SKIP,
  pass: ProtoCheckStatus.PASS,
  warn: ProtoCheckStatus.WARN,
  fail: ProtoCheckStatus.FAIL,
};

const LIKELIHOOD: Readonly<Record<Likely, Likelihood>> = {
  confirmed: Likelihood.CONFIRMED,
  suspected: Likelihood.SUSPECTED,
  open: Likelihood.OPEN,
  "ruled-out": Likelihood.RULED_OUT,
};

const toProtoSafeFix = (fix: SafeFix | undefined): ProtoSafeFix =>
  fix === undefined ? ProtoSafeFix.UNSPECIFIED : ProtoSafeFix.APPLY_PROFILE;

export function toProtoCheck(id: CheckId): Check {
  const { group, title, causes, fix, safeFix } = checkEntry(id);
  return {
    ...{ id, group, title, fix },
    causes: [...causes],
    safeFix: toProtoSafeFix(safeFix),
    isPreflight: isPreflightCheck(id),
  };
}

export const toProtoCheckResult = (result: CheckResult): ProtoCheckResult => ({
  ...result,
  status: CHECK_STATUS[result.status],
  evidence: [...result.evidence],
  causes: [...result.causes],
  safeFix: toProtoSafeFix(result.safeFix),
});

const soundnessOf = (isSound: boolean | undefined): Soundness => {
  if (isSound === undefined) return Soundness.UNSPECIFIED;
  return isSound ? Soundness.SOUND : Soundness.TROUBLED;
};

export const toProtoSymptom = (text: string, answer: SymptomAnswer): SymptomExplanation => ({
  text,
  isKnown: answer.isKnown,
  causes: answer.causes.map((cause) => ({
    ...cause,
    likelihood: LIKELIHOOD[cause.likelihood],
    checks: [...cause.checks],
    evidence: [...cause.evidence],
  })),
  orderTitle: answer.order?.title ?? "",
  order: (answer.order?.steps ?? []).map(({ question, checks, hint, isSound }) => ({
    question,
    checks: [...checks],
    hint,
    soundness: soundnessOf(isSound),
  })),
});
