import {
  CHECKS_OF_CONTROLLER,
  type CheckResult,
  type ControllerCheckId,
  checkEntry,
} from "@switchyard/model";
import { fail, failOn, skip, type Verdict, warnOn } from "./verdict.ts";

/** How a part that the controller can't work without answered. */
export type PartAnswer =
  | { readonly isUp: true; readonly latencyMs: number }
  | { readonly isUp: false; readonly why: string };

/** What one controller knows of the control plane. What is undefined is not known. */
export interface ControllerFacts {
  readonly database: PartAnswer | undefined;
  readonly bus: PartAnswer | undefined;
  /** Jobs that no host has accepted for longer than it should take. */
  readonly waitingJobs: readonly { readonly id: string; readonly host: string }[] | undefined;
  readonly jobsForOperators: readonly { readonly id: string; readonly host: string }[] | undefined;
  readonly hosts: readonly { readonly id: string; readonly state: string }[] | undefined;
}

/** Slower than this, every call feels it. */
const LATENCY_MAX_MS = 500;

function part(answer: PartAnswer | undefined): Verdict {
  if (answer === undefined) return skip("this controller was not told to watch it");
  if (!answer.isUp) return fail([answer.why]);
  const text = `answered in ${answer.latencyMs.toFixed(0)} ms`;
  return warnOn(answer.latencyMs > LATENCY_MAX_MS ? [text] : [], text);
}

const UNREAD = "the database did not tell";

const RUNS: Readonly<Record<ControllerCheckId, (facts: ControllerFacts) => Verdict>> = {
  "CTL-DATABASE": ({ database }) => part(database),
  "CTL-BUS": ({ bus }) => part(bus),
  "CTL-OUTBOX": ({ waitingJobs }) =>
    waitingJobs === undefined
      ? skip(UNREAD)
      : warnOn(
          waitingJobs.map(({ id, host }) => `job ${id} waits for ${host}`),
          "no job waits",
        ),
  "CTL-JOBS": ({ jobsForOperators }) =>
    jobsForOperators === undefined
      ? skip(UNREAD)
      : failOn(
          jobsForOperators.map(({ id, host }) => `job ${id} on ${host}`),
          "none",
        ),
  "CTL-HOSTS": ({ hosts }) => {
    if (hosts === undefined) return skip(UNREAD);
    if (hosts.length === 0) return skip("no host is enrolled");
    const away = hosts.filter(({ state }) => state !== "ready");
    return warnOn(
      away.map(({ id, state }) => `${id} is ${state}`),
      `${hosts.length} hosts report`,
    );
  },
};

/**
 * Runs the checks of the control plane.
 *
 * @param only ids to run; all when left out
 */
export function diagnoseController(
  facts: ControllerFacts,
  only?: ReadonlySet<string>,
): readonly CheckResult<ControllerCheckId>[] {
  const ids = Object.keys(CHECKS_OF_CONTROLLER) as ControllerCheckId[];
  return ids
    .filter((id) => only?.has(id) ?? true)
    .map((id) => {
      const { group, title, causes, fix } = checkEntry(id);
      const verdict = RUNS[id](facts);
      const isBad = verdict.status === "warn" || verdict.status === "fail";
      return {
        id,
        group,
        title,
        status: verdict.status,
        evidence: verdict.evidence,
        causes: isBad ? causes : [],
        fix: isBad ? fix : "",
        safeFix: undefined,
      };
    });
}
