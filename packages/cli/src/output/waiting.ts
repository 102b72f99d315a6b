import { isJobEnded, type Job, type JobFailure, JobState, waitForJob } from "@switchyard/client";
import type { Context } from "../context.ts";
import { EXIT_CODES, type ExitCode } from "../exit-codes.ts";
import { formatEvent } from "../views/job-event.ts";
import { factsOf } from "./error.ts";
import { formatProblem } from "./problem.ts";
import { createProgressShower } from "./progress.ts";
import { enumWord, shortName } from "./values.ts";

/** Bound on waiting for a job when --timeout gives none: firmware-free jobs end in minutes, lab VMs in ten. */
const WAIT_TIMEOUT_MS = 30 * 60_000;

/**
 * Waits for the job's end and tells of its steps on the way. Ctrl-C only detaches: the job goes on, and
 * how to come back is said.
 *
 * @param options.showsLog also what its steps log, such as the progress of a download
 * @returns the job in an end state, or undefined when interrupted
 */
export async function followJob(
  context: Context,
  name: string,
  options: { readonly showsLog?: boolean } = {},
): Promise<Job | undefined> {
  const { io, settings, talkStyle } = context;
  const progress = createProgressShower(context);
  const job = await waitForJob(await context.client(), name, {
    timeoutMs: settings.timeoutMs ?? WAIT_TIMEOUT_MS,
    signal: io.signal,
    onEvent: (event) => {
      const isVerbose = options.showsLog === true && event.body?.$case === "log";
      progress.show(event, formatEvent(event, { style: talkStyle, isVerbose }));
    },
  })
    .catch((error: unknown) => {
      if (io.signal.aborted) return undefined;
      throw error;
    })
    .finally(progress.end);
  if (job !== undefined && isJobEnded(job)) return job;
  context.talk(`detached; ${name} goes on`);
  context.talk(`  follow  swy job watch ${shortName(name)}`);
  context.talk(`  cancel  swy job cancel ${shortName(name)}`);
  return undefined;
}

/**
 * Shows how the work ended. What failed is told once, as a problem; programs get the resource as well.
 *
 * @param show writes the resource that the work was about
 * @returns the exit code of the command
 */
export async function concludeJob(
  context: Context,
  job: Job | undefined,
  show: (job: Job) => Promise<void>,
): Promise<ExitCode> {
  if (job === undefined) return EXIT_CODES.interrupted.code;
  const isDone = job.state === JobState.SUCCEEDED;
  if (isDone || context.settings.output !== "table") await show(job);
  if (isDone) return EXIT_CODES.ok.code;
  context.io.stderr.write(formatProblem(problemOfJob(job), context.talkStyle));
  return job.state === JobState.EXPIRED ? EXIT_CODES.unavailable.code : EXIT_CODES.failed.code;
}

function problemOfJob(job: Job) {
  const failure: JobFailure = job.failure ?? {
    reason: job.state === JobState.EXPIRED ? "JOB_EXPIRED" : "",
    message: `${job.name} ${enumWord(JobState, job.state)}`,
    metadata: {},
    step: "",
  };
  return {
    severity: "error",
    message: failure.message,
    reason: failure.reason,
    facts: [
      ["host", job.host],
      ["step", failure.step],
      ...factsOf(failure.reason, failure.metadata),
      ["left", job.result?.leftState],
      ["log", `swy job logs ${shortName(job.name)}`],
    ],
  } as const;
}
