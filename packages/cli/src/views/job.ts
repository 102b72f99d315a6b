import { Job, JobKind, systemTiming } from "@switchyard/client";
import { factsOf } from "../output/error.ts";
import type { View } from "../output/print.ts";
import { formatProblem } from "../output/problem.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { enumWord, formatAge, formatTimestamp, shortName } from "../output/values.ts";
import { kindWord, showJobState } from "./kinds.ts";

const columns: readonly Column<Job>[] = [
  { header: "JOB", cell: ({ name }) => shortName(name) },
  { header: "KIND", cell: ({ kind }) => enumWord(JobKind, kind) },
  { header: "SUBJECT", cell: ({ subject }) => subject },
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "HOST KIND", cell: ({ hostKind }) => kindWord(hostKind) },
  { header: "STATE", cell: ({ state }, style) => showJobState(state, style) },
  { header: "STEPS", isNumber: true, cell: stepsText },
  { header: "AGE", cell: ({ createTime }) => formatAge(createTime, systemTiming.nowMs()) },
];

function stepsText({ stepsDoneCount, stepCount }: Job): string {
  return `${stepsDoneCount}/${stepCount}`;
}

function describe(job: Job, style: Style): string {
  const ping = job.result?.ping;
  const rtt = ping?.rttAvgMs === undefined ? "" : `, ${ping.rttAvgMs.toFixed(2)} ms on average`;
  const fields = formatFields([
    ["kind", enumWord(JobKind, job.kind)],
    ["subject", job.subject],
    ["host", `${shortName(job.host)} (${kindWord(job.hostKind)})`],
    ["epoch", String(job.epoch)],
    ["steps", `${stepsText(job)} done`],
    ["at", job.currentStep],
    ["created", formatTimestamp(job.createTime)],
    ["accepted", formatTimestamp(job.acceptTime)],
    ["ended", formatTimestamp(job.endTime)],
    ["request", job.requestId],
    ["trace", job.traceId],
    ["pings", ping && `${ping.receivedCount} of ${ping.transmittedCount} answered${rtt}`],
    ["left", job.result?.leftState],
  ]);
  return `${style.bold(job.name)}  ${showJobState(job.state, style)}\n${fields}${failureText(job, style)}`;
}

function failureText({ failure }: Job, style: Style): string {
  if (failure === undefined) return "";
  const { reason, message, metadata, step } = failure;
  const facts = [["step", step] as const, ...factsOf(reason, metadata)];
  return `\n${formatProblem({ severity: "error", message, reason, facts }, style)}`;
}

export const jobView: View<Job> = {
  plural: "jobs",
  toJson: Job.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
