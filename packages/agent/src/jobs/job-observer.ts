import { basename } from "node:path";
import type { CommandRecord, Job, JobFailure, Step } from "@switchyard/model";
import {
  type Clock,
  type Metrics,
  parseTraceparent,
  type Span,
  type Tracer,
} from "@switchyard/runtime";
import type { StepEnd } from "./run-step.ts";

/** One job as monitoring sees it: a span with its steps and their commands below it, and counts. */
export interface ObservedJob {
  /** By which its log lines are found. */
  readonly traceId: string;
  /** Runs a step within a span. One that was done before is neither traced nor counted. */
  step(step: Step, work: () => Promise<StepEnd>): Promise<StepEnd>;
  /** Takes a step back within a span. @param work returns what went wrong, in words */
  undo(step: Step, work: () => Promise<string | undefined>): Promise<string | undefined>;
  /** A program has run for a step. */
  command(step: string, record: CommandRecord): void;
  /** Span of a step that runs now, 16 hex digits; undefined where it is not traced. */
  spanOf(step: string): string | undefined;
  ended(state: string, failure: JobFailure | undefined): void;
  /** The agent stops before the job's end. After `ended` it means nothing. */
  left(): void;
}

/** Observes all jobs of an agent. */
export type JobObserver = (job: Job) => ObservedJob;

/** Seconds; a firmware step takes minutes. */
const WORK_BUCKETS: readonly number[] = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600];
/** Programs told apart; agents run some forty. */
const PROGRAMS_MAX = 100;
const OTHER = "other";

/** Observes nothing, such as what a host does by itself after a boot. */
export const unobserved: ObservedJob = {
  traceId: "",
  step: (_step, work) => work(),
  undo: (_step, work) => work(),
  command: () => undefined,
  spanOf: () => undefined,
  ended: () => undefined,
  left: () => undefined,
};

const createCounts = (metrics: Metrics) => ({
  jobs: metrics.histogram({
    name: "switchyard_agent_job_duration_seconds",
    help: "Duration of jobs on this host, from their first step or the agent's start, by kind and end.",
    labels: ["kind", "state"],
    buckets: WORK_BUCKETS,
  }),
  steps: metrics.histogram({
    name: "switchyard_agent_step_duration_seconds",
    help: "Duration of steps, by kind and what came of them.",
    labels: ["step", "result"],
    buckets: WORK_BUCKETS,
  }),
  commands: metrics.histogram({
    name: "switchyard_agent_command_duration_seconds",
    help: "Duration of programs run and files written for steps, by program and result.",
    labels: ["program", "result"],
    buckets: WORK_BUCKETS,
  }),
});

export function createJobObserver(parts: {
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly clock: Clock;
}): JobObserver {
  const { tracer, clock } = parts;
  const counts = createCounts(parts.metrics);
  const programs = new Set<string>();
  const programOf = (argv: readonly string[]): string => {
    const name = basename(argv[0] ?? "") || OTHER;
    if (!programs.has(name) && programs.size >= PROGRAMS_MAX) return OTHER;
    programs.add(name);
    return name;
  };
  const secondsSince = (startMs: number): number => (clock.monotonicMs() - startMs) / 1000;

  return (job) => {
    const { id, epoch, spec } = job;
    const parent = parseTraceparent(job.traceparent);
    const span = tracer.start(`job ${spec.kind}`, {
      parent,
      kind: "consumer",
      attributes: { "switchyard.job": id, "switchyard.epoch": epoch },
    });
    const startMs = clock.monotonicMs();
    const open = new Map<string, Span>();
    let isOver = false;

    const within = async <Result extends string | undefined>(
      name: string,
      step: Step,
      work: () => Promise<Result>,
    ): Promise<Result> => {
      const attributes = { "switchyard.step": step.id, "switchyard.title": step.title };
      const stepSpan = tracer.start(name, { parent: span.context, attributes });
      open.set(step.id, stepSpan);
      try {
        return await work();
      } catch (error) {
        failWith(stepSpan, error);
        throw error;
      } finally {
        open.delete(step.id);
        stepSpan.end();
      }
    };

    return {
      traceId: span.context.traceId,
      step: async (step, work) => {
        const beganMs = clock.monotonicMs();
        const tell = (result: string) =>
          counts.steps.observe(secondsSince(beganMs), { step: step.kind, result });
        try {
          const end = await within(step.kind, step, work);
          if (end !== "done-before") tell(end);
          return end;
        } catch (error) {
          tell("failed");
          throw error;
        }
      },
      undo: async (step, work) => {
        const beganMs = clock.monotonicMs();
        const trouble = await within(`undo ${step.kind}`, step, async () => {
          const found = await work();
          if (found !== undefined) open.get(step.id)?.fail("UNDO_FAILED", found);
          return found;
        });
        const result = trouble === undefined ? "undone" : "undo-failed";
        counts.steps.observe(secondsSince(beganMs), { step: step.kind, result });
        return trouble;
      },
      command: (step, record) => {
        const program = programOf(record.argv);
        const result = record.exitCode === 0 ? "succeeded" : "failed";
        counts.commands.observe(record.durationMs / 1000, { program, result });
        const ran = tracer.start(program, {
          parent: (open.get(step) ?? span).context,
          attributes: {
            "process.command_args": record.argv.join(" "),
            ...(record.exitCode !== undefined && { "process.exit.code": record.exitCode }),
          },
          startMs: clock.nowMs() - record.durationMs,
        });
        if (record.exitCode !== 0) ran.fail("COMMAND_FAILED", record.stderrTail);
        ran.end();
      },
      spanOf: (step) => open.get(step)?.context.spanId,
      ended: (state, failure) => {
        if (isOver) return;
        isOver = true;
        counts.jobs.observe(secondsSince(startMs), { kind: spec.kind, state });
        span.set({ "switchyard.state": state });
        if (failure !== undefined) span.fail(failure.reason, failure.message);
        span.end();
      },
      left: () => {
        if (isOver) return;
        isOver = true;
        span.set({ "switchyard.state": "left" });
        span.end();
      },
    };
  };
}

function failWith(span: Span, error: unknown): void {
  const reason = (error as { readonly reason?: unknown } | undefined)?.reason;
  const message = error instanceof Error ? error.message : String(error);
  span.fail(typeof reason === "string" ? reason : "INTERNAL", message);
}
