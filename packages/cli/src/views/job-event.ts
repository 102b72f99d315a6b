import { GuardOutcome, type JobEvent, JobState } from "@switchyard/client";
import { formatCommand } from "@switchyard/model";
import type { Style } from "../output/style.ts";
import { indent, plainText } from "../output/text.ts";
import { count, enumWord, formatTime } from "../output/values.ts";
import { showJobState } from "./kinds.ts";
import { formatSteps } from "./plan.ts";

type Body = NonNullable<JobEvent["body"]>;
type CommandRun = Extract<Body, { $case: "command" }>["value"];

/**
 * One event as a line, sometimes with lines below it.
 *
 * @param options.isVerbose also commands, logs and the steps as planned; else only what moves the job on
 * @returns undefined for an event that is not shown
 */
export function formatEvent(
  event: JobEvent,
  options: { readonly style: Style; readonly isVerbose: boolean },
): string | undefined {
  const text = event.body === undefined ? undefined : bodyText(event.body, event.seq, options);
  if (text === undefined) return undefined;
  return `${options.style.dim(formatTime(event.time))}  ${text}`;
}

function bodyText(
  body: Body,
  seq: bigint,
  { style, isVerbose }: { readonly style: Style; readonly isVerbose: boolean },
): string | undefined {
  switch (body.$case) {
    case "accepted":
      return `accepted by the host${isVerbose ? ` (boot ${body.value.bootId})` : ""}`;
    case "planned": {
      const { steps } = body.value;
      const title = `planned ${count(steps.length, "step")}`;
      return isVerbose && steps.length > 0
        ? `${title}\n${formatSteps(steps, style).trimEnd()}`
        : title;
    }
    case "stepStarted":
      return `${body.value.step}  ${plainText(body.value.title)}`;
    case "command":
      return isVerbose || body.value.exitCode !== 0 ? commandRunText(body.value, style) : undefined;
    case "stepFinished":
      if (!isVerbose) return undefined;
      return `${body.value.step}  ${body.value.changed ? "changed" : "was so already"}`;
    case "stepUndone":
      return `${body.value.step}  undone`;
    case "stepGuarded":
      return guardText(body.value, style);
    case "log":
      return isVerbose ? `${body.value.step}  ${plainText(body.value.line)}` : undefined;
    case "ended":
      return endedText(body.value, style);
    case "rejectedStale":
      return `refused: the host has accepted epoch ${body.value.acceptedEpoch}`;
    case "eventsDropped":
      return style.state("warn", droppedText(body.value.firstSeq, seq));
  }
}

const droppedText = (first: bigint, last: bigint): string =>
  first === last
    ? `event ${first} was dropped by the agent`
    : `events ${first} to ${last} were dropped by the agent`;

function guardText(
  { step, outcome, detail }: Extract<Body, { $case: "stepGuarded" }>["value"],
  style: Style,
): string {
  const isGood = outcome === GuardOutcome.CONFIRMED || outcome === GuardOutcome.RESTORED;
  const word = enumWord(GuardOutcome, outcome);
  return `${step}  ${isGood ? word : style.state("bad", word)}: ${plainText(detail)}`;
}

function commandRunText(command: CommandRun, style: Style): string {
  const exit = command.exitCode === undefined ? "no exit" : `exit ${command.exitCode}`;
  const line = formatCommand({ kind: "run", argv: command.argv });
  const head = `  $ ${plainText(line)}  ${style.dim(`(${exit}, ${command.durationMs.toFixed(0)} ms)`)}`;
  const stderr = plainText(command.stderrTail).trimEnd();
  return stderr === "" ? head : `${head}\n${indent(stderr, 6)}`;
}

function endedText(
  { state, result, failure }: Extract<Body, { $case: "ended" }>["value"],
  style: Style,
): string {
  const ping = result?.ping;
  const pinged =
    ping === undefined ? "" : `, ${ping.receivedCount} of ${ping.transmittedCount} pings answered`;
  const failed = failure === undefined ? "" : `: ${failure.message} [${failure.reason}]`;
  if (state === JobState.SUCCEEDED) {
    return `${showJobState(state, style)}, ${count(result?.changedStepCount ?? 0, "step")} changed something${pinged}`;
  }
  return `${style.state("bad", enumWord(JobState, state))}${plainText(failed)}`;
}
