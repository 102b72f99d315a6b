import type { AgentBus } from "@switchyard/bus";
import type { SimHost } from "@switchyard/hostsim";
import {
  type JobEventBody,
  parseHostId,
  parseJobId,
  parsePlanId,
  type Step,
  type StepArguments,
  type StepKind,
} from "@switchyard/model";
import { type Clock, newUuid, seededRandom, silentLogger, systemClock } from "@switchyard/runtime";
import { hostReaders } from "../inventory/host-readers.ts";
import type { CrashPlace } from "../jobs/crash-point.ts";
import { createJobJournal } from "../jobs/job-journal.ts";
import { unobserved } from "../jobs/job-observer.ts";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";
import { runJob } from "../jobs/run-job.ts";
import { createTopology } from "../jobs/topology.ts";
import { openLedger } from "../ledger/ledger.ts";
import { createManagementPath, DEAD_MAN_MS } from "../management/management-path.ts";
import { noSnapshots } from "../snapshots/recorder.ts";
import { createDisk } from "./disk.ts";
import { DATAPATH } from "./testbed.ts";

/** A step as far as an executor cares. */
export type BenchStep = Pick<Step, "kind" | "arguments" | "isReversible">;

export const benchStep = <Kind extends StepKind>(
  kind: Kind,
  stepArguments: StepArguments[Kind],
  isReversible = true,
): BenchStep => ({ kind, arguments: stepArguments, isReversible });

/** A step that always fails, so that what came before it is taken back. */
export const FAILING_STEP = benchStep("ensureModules", { modules: ["no_such_module"] });

/** How a job made of these steps ended, and what it told on the way. */
export interface BenchEnd {
  readonly ended: Extract<JobEventBody, { kind: "ended" }>;
  readonly lines: readonly string[];
  /** Programs run, each as its arguments joined by spaces. */
  readonly commands: readonly string[];
}

/** Runs steps on one simulated host the way jobs do, without a plan having to ask for them. */
export interface StepBench {
  run(steps: readonly BenchStep[], options?: { readonly killAt?: KillAt }): Promise<BenchEnd>;
}

/** The first time the job comes to this place its process is killed; another one goes on with it. */
export type KillAt = Pick<CrashPlace, "step" | "phase">;

const random = seededRandom(23);

function stepsOf(steps: readonly BenchStep[]): readonly Step[] {
  return steps.map((step, at) => {
    const id = `${String(at + 1).padStart(2, "0")}-${step.kind}`;
    return { id, title: step.kind, commands: [], disruption: "none", ...step } as unknown as Step;
  });
}

export function createStepBench(
  host: SimHost,
  clock: Clock = systemClock,
  fetchDiskPiece?: AgentBus["fetchDiskPiece"],
): StepBench {
  const readers = hostReaders({ host, clock, agentVersion: "0.0.0-test", nicProfiles: [] });
  return {
    run: async (steps, options = {}) => {
      const disk = createDisk();
      const id = parseJobId(newUuid(systemClock, random));
      const ledgerOf = () => openLedger({ storage: disk.mount(), log: silentLogger });
      const ledger = await ledgerOf();
      const plan = parsePlanId(newUuid(systemClock, random));
      const spec = { kind: "apply-host", plan, desired: DATAPATH, planDigest: "" } as const;
      const job = { id, host: parseHostId(host.name), epoch: 1, spec };
      const expireAtMs = Number.MAX_SAFE_INTEGER;
      await ledger.append([{ kind: "job", job, expireAtMs, bootId: host.bootId }]);
      const planned = { kind: "planned", steps: stepsOf(steps) } as const;
      const live = async (killAt: KillAt | undefined): Promise<"ended" | "killed"> => {
        const own = await ledgerOf();
        const entry = own.state.job(id);
        if (entry === undefined) throw new Error("the bench lost its job");
        const killed = Promise.withResolvers<"killed">();
        const journal = createJobJournal(
          { host: job.host, ledger: own, clock, onEvents: () => undefined },
          entry,
        );
        if (entry.plan === undefined) await journal.commit([], planned);
        const reach = async (place: CrashPlace) => {
          if (place.step !== killAt?.step || place.phase !== killAt.phase) return;
          killed.resolve("killed");
          await new Promise(() => undefined);
        };
        const run = runJob(
          {
            host,
            clock,
            log: silentLogger,
            crash: { reach },
            managementPath: createManagementPath({
              bus: { roundTrip: async () => true },
              ...{ clock, deadManMs: DEAD_MAN_MS, peerAddresses: [] },
            }),
            read: readers,
            ...(fetchDiskPiece !== undefined && { fetchDiskPiece }),
            journal,
            snapshots: noSnapshots,
            locks: createKeyedLocks(),
            observed: unobserved,
            topology: createTopology(readers),
            bootId: host.bootId,
            signal: new AbortController().signal,
          },
          () => false,
        );
        return await Promise.race([run.then(() => "ended" as const), killed.promise]);
      };
      await ledger.close();
      if ((await live(options.killAt)) === "killed") await live(undefined);
      const events = (await ledgerOf()).state.job(id)?.events ?? [];
      const ended = events.at(-1)?.body;
      if (ended?.kind !== "ended") throw new Error("the bench's job did not end");
      return {
        ended,
        lines: events.flatMap(({ body }) => (body.kind === "log" ? [body.line] : [])),
        commands: events.flatMap(({ body }) =>
          body.kind === "command" ? [body.command.argv.join(" ")] : [],
        ),
      };
    },
  };
}
