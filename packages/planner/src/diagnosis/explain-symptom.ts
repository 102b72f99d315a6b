import {
  type CheckId,
  type CheckResult,
  type Confidence,
  checkEntry,
  DECISION_ORDERS,
  type DecisionOrder,
  explanationOf,
  isReason,
  REASONS,
  SYMPTOMS,
  type SymptomEntry,
} from "@switchyard/model";

/** What the checks of a host say of a cause; `open` where none decided, or no host was named. */
export type Likelihood = "confirmed" | "suspected" | "open" | "ruled-out";

export interface RankedCause {
  /** Id in the catalogue, of a check, or a reason. */
  readonly id: string;
  readonly cause: string;
  readonly fix: string;
  readonly confidence: Confidence;
  readonly likelihood: Likelihood;
  /** Checks that tell; with what they found where they ran. */
  readonly checks: readonly CheckId[];
  readonly evidence: readonly string[];
}

/** One question of a decision order, with the answers that the host's checks gave. */
export interface AnsweredStep {
  readonly question: string;
  readonly hint: string;
  readonly checks: readonly CheckId[];
  /** Undefined where no host was named. */
  readonly isSound: boolean | undefined;
}

export interface SymptomAnswer {
  /** False: the catalogue does not know the text, and nothing is guessed. */
  readonly isKnown: boolean;
  /** Likeliest first. */
  readonly causes: readonly RankedCause[];
  /** In which order to look, where the text says no more than what the trouble is. */
  readonly order: { readonly title: string; readonly steps: readonly AnsweredStep[] } | undefined;
}

/** Results of a host's checks by id; empty where no host was named. */
type Results = ReadonlyMap<string, CheckResult>;

const LIKELIHOODS: readonly Likelihood[] = ["confirmed", "suspected", "open", "ruled-out"];
const CONFIDENCES: readonly Confidence[] = ["high", "medium", "low"];

function judge(checks: readonly CheckId[], results: Results): Likelihood {
  const found = checks.map((id) => results.get(id)?.status ?? "skip");
  if (found.includes("fail")) return "confirmed";
  if (found.includes("warn")) return "suspected";
  return found.length > 0 && found.every((status) => status === "pass") ? "ruled-out" : "open";
}

function evidenceOf(checks: readonly CheckId[], results: Results): readonly string[] {
  return checks.flatMap((id) => {
    const result = results.get(id);
    const isTelling = result?.status === "fail" || result?.status === "warn";
    return isTelling ? result.evidence.map((text) => `${id}: ${text}`) : [];
  });
}

const toCause = (
  id: string,
  entry: Omit<SymptomEntry, "pattern">,
  results: Results,
): RankedCause => ({
  id,
  cause: entry.cause,
  fix: entry.fix,
  confidence: entry.confidence,
  checks: entry.checks,
  likelihood: judge(entry.checks, results),
  evidence: evidenceOf(entry.checks, results),
});

const catalogueCauses = (text: string, results: Results): readonly RankedCause[] =>
  Object.entries(SYMPTOMS)
    .filter(([, { pattern }]) => pattern.test(text))
    .map(([id, entry]) => toCause(id, entry, results));

/** Reason codes stand in our own errors. */
const REASON_WORD = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;

function reasonCauses(text: string, results: Results): readonly RankedCause[] {
  const reasons = [...new Set(text.match(REASON_WORD) ?? [])].filter(isReason);
  return reasons.flatMap((reason) => {
    const { fix } = REASONS[reason];
    const { causes, checks } = explanationOf(reason);
    return causes.map((cause, at) => {
      const entry = { cause, fix, checks: at === 0 ? checks : [], confidence: "high" } as const;
      return toCause(reason, entry, results);
    });
  });
}

/** Causes that an order leads to: its checks that found something, or where no host was named all of them. */
function orderCauses(order: DecisionOrder, results: Results): readonly RankedCause[] {
  const ids = order.steps.flatMap(({ checks }) => checks);
  return ids
    .map((id) => {
      const { causes, fix } = checkEntry(id);
      const entry = { cause: causes[0], fix, checks: [id], confidence: "medium" } as const;
      return toCause(id, entry, results);
    })
    .filter(({ evidence }) => results.size === 0 || evidence.length > 0);
}

function answerOrder(order: DecisionOrder, results: Results): SymptomAnswer["order"] {
  const steps = order.steps.map(({ question, checks, hint = "" }) => {
    const statuses = checks.map((id) => results.get(id)?.status);
    const isBad = statuses.some((status) => status === "fail" || status === "warn");
    const isTold = statuses.some((status) => status === "pass");
    return { question, hint, checks, isSound: isBad ? false : isTold ? true : undefined };
  });
  return { title: order.title, steps };
}

/** Ranked by what the host says, then by how sure the catalogue is; else in the order given. */
const ranked = (causes: readonly RankedCause[]): readonly RankedCause[] =>
  [...causes].sort(
    (left, right) =>
      LIKELIHOODS.indexOf(left.likelihood) - LIKELIHOODS.indexOf(right.likelihood) ||
      CONFIDENCES.indexOf(left.confidence) - CONFIDENCES.indexOf(right.confidence),
  );

/**
 * What may be behind an error text or a sentence such as "VM can't ping", by the diagnosis catalogue.
 *
 * @param text    stderr, a kernel message, one of our reasons, or words of a person
 * @param results the checks of the host in question; left out, every cause stays open
 */
export function explainSymptom(text: string, results: readonly CheckResult[] = []): SymptomAnswer {
  const byId: Results = new Map(results.map((result) => [result.id, result]));
  const exact = [...catalogueCauses(text, byId), ...reasonCauses(text, byId)];
  const order: DecisionOrder | undefined = Object.values<DecisionOrder>(DECISION_ORDERS).find(
    ({ pattern }) => pattern.test(text),
  );
  const known = new Set(exact.flatMap(({ checks }) => checks));
  const ordered = (order === undefined ? [] : orderCauses(order, byId)).filter(
    ({ id }) => !known.has(id as CheckId),
  );
  return {
    isKnown: exact.length > 0 || order !== undefined,
    causes: ranked([...exact, ...ordered]),
    order: order && answerOrder(order, byId),
  };
}
