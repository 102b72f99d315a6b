import type { EvacuateHostResponse, Move, SwitchyardClient } from "@switchyard/client";
import { MovePhase, systemTiming } from "@switchyard/client";
import type { Context } from "../../context.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-codes.ts";
import { DRY_RUN_NOTE, type MutationOptions } from "../../input/mutation.ts";
import { factsOf } from "../../output/error.ts";
import { printList } from "../../output/print.ts";
import { formatProblem } from "../../output/problem.ts";
import { plainText } from "../../output/text.ts";
import { shortName } from "../../output/values.ts";
import { hasVmArrived, moveView, phaseWord, problemOfMove } from "../../views/move.ts";

/** Between two looks at moves. */
const LOOK_INTERVAL_MS = 1_000;
/** Bound on waiting when --timeout gives none: disks of hundreds of GB take long. */
const WAIT_TIMEOUT_MS = 6 * 3_600_000;

interface Seen {
  readonly phase: string;
  readonly line: string;
}

/** Pages of a job's events looked at for its newest line. */
const EVENT_PAGES_MAX = 4;

/** What a job has logged last, such as how much of a disk has come. */
async function lastLog({ jobs }: SwitchyardClient, job: string): Promise<string> {
  let [line, pageToken] = ["", ""];
  for (let pages = 0; pages < EVENT_PAGES_MAX; pages += 1) {
    const { events, nextPageToken } = await jobs.listJobEvents({ job, pageSize: 1000, pageToken });
    for (const { body } of events) if (body?.$case === "log") line = plainText(body.value.line);
    if (nextPageToken === "") break;
    pageToken = nextPageToken;
  }
  return line;
}

/** How far a move's job is: of one that copies, how much has come. */
async function lastLine(client: SwitchyardClient, { job, phase }: Move): Promise<string> {
  if (job === "") return "";
  const isCopying = phase === MovePhase.MIGRATING || phase === MovePhase.RECEIVING;
  const line = isCopying ? await lastLog(client, job) : "";
  if (line !== "") return line;
  const { stepsDoneCount, stepCount, currentStep } = await client.jobs.getJob({ name: job });
  return stepCount === 0 ? "" : `step ${stepsDoneCount}/${stepCount} ${currentStep}`;
}

/** Tells what is new of a move. */
async function tell(context: Context, move: Move, seen: Map<string, Seen>): Promise<void> {
  const client = await context.client();
  const now = { phase: phaseWord(move), line: await lastLine(client, move).catch(() => "") };
  const before = seen.get(move.name);
  seen.set(move.name, now);
  if (before?.phase === now.phase && before.line === now.line) return;
  const where = move.targetHost === "" ? "" : ` to ${shortName(move.targetHost)}`;
  context.talk(`${shortName(move.vm)}  ${now.phase}${where}  ${now.line}`.trimEnd());
}

/**
 * Waits until every VM has arrived or is back, and tells of it on the way. Ctrl-C only detaches.
 *
 * @returns the moves as they are then; undefined when interrupted
 */
async function followMoves(
  context: Context,
  moves: readonly Move[],
): Promise<readonly Move[] | undefined> {
  const { io, settings } = context;
  const client = await context.client();
  const endMs = systemTiming.nowMs() + (settings.timeoutMs ?? WAIT_TIMEOUT_MS);
  const seen = new Map<string, Seen>();
  let last = moves;
  while (!io.signal.aborted) {
    last = await Promise.all(moves.map(({ name }) => client.moves.getMove({ name })));
    for (const move of last) await tell(context, move, seen);
    if (last.every(hasVmArrived) || systemTiming.nowMs() >= endMs) return last;
    await systemTiming.sleep(LOOK_INTERVAL_MS, io.signal);
  }
  context.talk("detached; the moves go on");
  context.talk("  follow  swy move list --live");
  return undefined;
}

/** Follows moves to their ends, unless nobody waits; says of each that failed why. */
export async function concludeMoves(
  context: Context,
  moves: readonly Move[],
  options: MutationOptions,
): Promise<ExitCode | undefined> {
  const isDryRun = options.dryRun === true;
  if (isDryRun || options.wait === false || moves.length === 0) {
    await printList(context, moveView, moves);
    if (isDryRun) context.talk(DRY_RUN_NOTE);
    else if (moves.length > 0) context.talk("follow them: swy move list --live");
    return undefined;
  }
  const ended = await followMoves(context, moves);
  if (ended === undefined) return EXIT_CODES.interrupted.code;
  await printList(context, moveView, ended);
  const failed = ended.filter(({ failure }) => failure !== undefined);
  for (const move of failed) {
    context.io.stderr.write(formatProblem(problemOfMove(move), context.talkStyle));
  }
  const isDone = failed.length === 0 && ended.every(hasVmArrived);
  return isDone ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
}

/** As `concludeMoves`, with the VMs that stay, each with its reason. */
export async function concludeEvacuation(
  context: Context,
  { moves, staying }: EvacuateHostResponse,
  options: MutationOptions,
): Promise<ExitCode | undefined> {
  for (const { vm, failure } of staying) {
    const { reason = "", message = "it stays", metadata = {} } = failure ?? {};
    const facts = [["vm", shortName(vm)] as const, ...factsOf(reason, metadata)];
    const problem = { severity: "warning", message, reason, facts } as const;
    context.io.stderr.write(formatProblem(problem, context.talkStyle));
  }
  const code = await concludeMoves(context, moves, options);
  return staying.length > 0 ? EXIT_CODES.failed.code : code;
}
