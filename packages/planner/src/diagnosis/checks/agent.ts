import type { CHECKS_OF_HOST } from "@switchyard/model";
import { diffHost } from "../../host/diff/diff-host.ts";
import { planHost } from "../../host/plan-host.ts";
import {
  fail,
  failOn,
  type HostCheck,
  pass,
  skip,
  warn,
  warnOn,
  withInventory,
} from "../verdict.ts";

/** Agents look every 10 s and report what changed; a day without a change is nothing odd. */
const SECONDS_MS = 1_000;
/** Newest jobs that are looked at for one that waits for a person. */
const RECENT_JOBS = 20;

const alive: HostCheck = ({ presence: { state, lastSeenAtMs }, nowMs }) => {
  const ago =
    lastSeenAtMs === undefined
      ? "no heartbeat yet"
      : `last heartbeat ${Math.max(0, Math.round((nowMs - lastSeenAtMs) / SECONDS_MS))} s ago`;
  switch (state) {
    case "ready":
      return pass(ago);
    case "suspect":
      return warn([`state suspect, ${ago}`]);
    case "enrolled":
      return warn(["enrolled and never heard of"]);
    case "lost":
      return fail([`state lost, ${ago}`]);
  }
};

const answers: HostCheck = ({ examination, silence }) =>
  examination === undefined
    ? fail([silence ?? "the agent was not asked"])
    : pass("the agent looked at its host");

const inventoryComplete = withInventory(({ findings }, { presence }) => {
  if (presence.state === "lost")
    return warn(["the inventory is the last one before the host was lost"]);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    return fail(
      errors.map(({ message }) => message),
      errors[0]?.fix,
    );
  return warnOn(
    findings.map(({ message }) => message),
    "every part was read",
    findings[0]?.fix,
  );
});

const ledger: HostCheck = ({ examination, silence }) => {
  if (examination === undefined) return skip(silence ?? "the agent was not asked");
  const { ledgerTrouble, unfinishedJobCount } = examination.agent;
  return ledgerTrouble === undefined
    ? pass(`${unfinishedJobCount} unfinished jobs`)
    : fail([ledgerTrouble]);
};

const jobs: HostCheck = ({ jobs: recent }) => {
  const newest = recent.slice(0, RECENT_JOBS);
  if (newest.length === 0) return skip("the host had no job yet");
  const text = ({ id, kind, state, reason }: (typeof recent)[number]) =>
    `${kind} ${id} ${state}${reason === undefined ? "" : `: ${reason}`}`;
  const waiting = newest.filter(({ state }) => state === "needs-operator");
  if (waiting.length > 0) return fail(waiting.map(text));
  const last = newest.find(({ kind }) => kind === "apply-host") ?? newest[0];
  return last?.state === "failed" ? warn([text(last)]) : pass(`${newest.length} jobs looked at`);
};

const profile: HostCheck = ({ matchingProfiles }) =>
  matchingProfiles.length === 1
    ? pass(matchingProfiles[0] ?? "")
    : warn([
        matchingProfiles.length === 0
          ? "no profile matches"
          : `several match: ${matchingProfiles.join(", ")}`,
      ]);

const drift = withInventory((inventory, { desired, isApplied }) => {
  if (desired === undefined) return skip("no profile says what the host shall be");
  const differences = diffHost(desired, inventory).map(
    ({ field, observed, desired: wanted }) => `${field} is ${observed}, wished is ${wanted}`,
  );
  if (differences.length === 0) return pass("no field differs");
  return isApplied ? { status: "fail", evidence: differences.slice(0, 10) } : warn(differences);
});

const planned = withInventory((inventory, { desired, desireTrouble }) => {
  if (desireTrouble !== undefined) return fail([desireTrouble]);
  if (desired === undefined) return skip("no profile says what the host shall be");
  const errors = planHost(desired, inventory).findings.filter(
    ({ severity }) => severity === "error",
  );
  return failOn(
    errors.map(({ reason, message, found }) => `${reason}: ${message} (${found})`),
    "no finding blocks it",
    errors[0]?.fix,
  );
});

/** @see CHECKS_OF_HOST for what each is about */
export const AGENT_CHECK_RUNS = {
  "AGENT-ALIVE": alive,
  "AGENT-ANSWER": answers,
  "AGENT-INVENTORY": inventoryComplete,
  "AGENT-LEDGER": ledger,
  "AGENT-JOBS": jobs,
  "PROFILE-MATCH": profile,
  "PROFILE-DRIFT": drift,
  "PROFILE-PLAN": planned,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
