import { formatDelta, formatFigure, formatP } from "../report/format.ts";
import { median } from "../statistics/quantile.ts";
import { rankSum } from "../statistics/rank-sum.ts";
import { SIGNIFICANCE } from "./change.ts";

/** One value for each host. */
export interface ComparedGroups {
  readonly changed: readonly number[];
  readonly unchanged: readonly number[];
}

export interface GroupJudgement {
  readonly outcome: "passed" | "failed" | "inconclusive";
  readonly why: string;
}

/**
 * Holds hosts that were changed against hosts that were not. A difference within the bound passes, whatever its certainty;
 * beyond it, it fails where the rank test finds it significant, and is inconclusive where that may be chance or the hosts
 * are too few for the test to say anything.
 *
 * @param percent bound of the median's change: 20 is more than 20 % above, -20 more than 20 % below
 */
export function judgeGroups(groups: ComparedGroups, percent: number): GroupJudgement {
  const { changed, unchanged } = groups;
  const [now, before] = [median(changed), median(unchanged)];
  if (now === undefined || before === undefined) {
    const which = now === undefined ? "with" : "without";
    return { outcome: "inconclusive", why: `too few samples of hosts ${which} the change` };
  }
  const figures = `${formatFigure(now)} on ${changed.length} hosts with the change, ${formatFigure(before)} on ${unchanged.length} without`;
  if (now === before) return { outcome: "passed", why: figures };
  if (before === 0) return { outcome: "inconclusive", why: `${figures}: no share of 0` };
  const delta = (now - before) / Math.abs(before);
  const text = `${formatDelta(delta)}: ${figures}`;
  const isBeyond = percent > 0 ? delta > percent / 100 : delta < percent / 100;
  if (!isBeyond) return { outcome: "passed", why: text };
  const p = rankSum(changed, unchanged)?.p ?? 1;
  return p <= SIGNIFICANCE
    ? { outcome: "failed", why: `${text}, p ${formatP(p)}` }
    : { outcome: "inconclusive", why: `${text}, which may be chance (p ${formatP(p)})` };
}
