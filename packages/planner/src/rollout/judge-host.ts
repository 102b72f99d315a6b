import type { CheckResult, CheckStatus } from "@switchyard/model";

/** A check's result, reduced to what is compared. */
export type JudgedCheck = Pick<CheckResult, "id" | "status" | "evidence" | "title">;

/** Checks whose warning says that traffic does not go where the change should have brought it. */
const PROOFS: ReadonlySet<string> = new Set(["E01", "E03"]);

export type HostVerdict =
  | { readonly kind: "good"; readonly proof: string }
  | { readonly kind: "bad"; readonly found: string };

const RANK: Readonly<Record<CheckStatus, number>> = { skip: 0, pass: 0, warn: 1, fail: 2 };

const isWorse = (now: JudgedCheck, before: Pick<JudgedCheck, "status"> | undefined): boolean =>
  RANK[now.status] > RANK[before?.status ?? "skip"] &&
  (now.status === "fail" || PROOFS.has(now.id));

/**
 * Compares a host's checks after a change with those before it: what failed before is not the change's doing.
 * A proof that could not be had is said to be none, and is neither good nor bad.
 */
export function judgeHost(
  before: readonly Pick<JudgedCheck, "id" | "status">[],
  after: readonly JudgedCheck[],
): HostVerdict {
  const known = new Map(before.map((check) => [check.id, check]));
  const worse = after.filter((check) => isWorse(check, known.get(check.id)));
  if (worse.length > 0) {
    const texts = worse.map(({ id, title, evidence }) => `${id} ${title}: ${evidence.join("; ")}`);
    return { kind: "bad", found: texts.join("\n") };
  }
  const proof = after.find(({ id }) => id === "E01");
  return { kind: "good", proof: proof?.evidence.join("; ") ?? "not looked for" };
}
