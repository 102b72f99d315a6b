import { assertNever, type ExperimentId } from "@switchyard/model";
import { newUuid, type Service, startLoop } from "@switchyard/runtime";
import type { ExperimentRecord } from "@switchyard/store";
import { createFleetViews } from "../../api/diagnosis/fleet-view.ts";
import { advance, type OutsideAction } from "./advance.ts";
import { beginHost } from "./begin-host.ts";
import { type MeasuredPart, measurePart } from "./measure/measure-part.ts";
import { EXPERIMENT_ACTOR, type ExperimentParts } from "./parts.ts";
import { placePair } from "./place-pair.ts";

/** A cancelled experiment, or one whose job ended, goes on within so long, and what that takes. */
const LOOK_INTERVAL_MS = 250;

/** The database was away: the next look asks again. */
const noneKnown = (): readonly ExperimentId[] => [];

/** What one experiment's controller remembers of it. */
interface Measuring {
  readonly modeIndex: number;
  readonly stop: AbortController;
}

/**
 * Takes experiments on. Any number of controllers may: one has each experiment for itself as long as it looks at
 * it, and everything that it goes by is in the database, so that another goes on where it died. A round that was
 * not kept is measured again, once what the dead one began in the guests is over.
 */
export function startExperiments(
  options: Omit<ExperimentParts, "readFleet" | "holder" | "signal">,
): Service {
  const { store, clock, random, log, rounds } = options;
  const stopping = new AbortController();
  const parts: ExperimentParts = {
    ...options,
    readFleet: createFleetViews(options),
    holder: newUuid(clock, random),
    signal: stopping.signal,
  };
  const underWay = new Map<string, Promise<void>>();
  const measuring = new Map<ExperimentId, Measuring>();

  const run = (key: string, work: () => Promise<void>) => {
    if (underWay.has(key)) return;
    const done = work()
      .catch((error: unknown) => log.warn({ err: error, key }, "an experiment waits"))
      .finally(() => underWay.delete(key));
    underWay.set(key, done);
  };

  const stopMeasuring = (id: ExperimentId) => {
    measuring.get(id)?.stop.abort();
    measuring.delete(id);
  };

  const measure = (experiment: ExperimentRecord, part: MeasuredPart) => {
    const { id, modeIndex, quietAtMs = 0 } = experiment;
    const known = measuring.get(id);
    if (known === undefined && quietAtMs > clock.nowMs()) return;
    const own = known ?? { modeIndex, stop: new AbortController() };
    measuring.set(id, own);
    const signal = AbortSignal.any([own.stop.signal, parts.signal]);
    run(`measure ${id}`, () => measurePart(parts, experiment, { part, signal }));
  };

  const act = (experiment: ExperimentRecord, action: OutsideAction) => {
    const { id } = experiment;
    switch (action.kind) {
      case "begin-host": {
        const { host, goal } = action;
        run(`begin ${id} ${host}`, () => beginHost(parts, { experiment, host, goal }));
        return;
      }
      case "place-vms":
        run(`place ${id}`, () => placePair(parts, experiment));
        return;
      case "measure-baseline":
        measure(experiment, { kind: "baseline" });
        return;
      case "measure-round":
        measure(experiment, { kind: "round", round: action.round });
        return;
      default:
        assertNever(action);
    }
  };

  const step = async (id: ExperimentId) => {
    const advanced = await store.transaction({ actor: EXPERIMENT_ACTOR }, (tx) =>
      advance(parts, tx, id),
    );
    if (advanced?.experiment.state !== "measuring") stopMeasuring(id);
    if (advanced === undefined) return;
    if (advanced.isMoved) parts.dispatch.wake();
    for (const action of advanced.outside) act(advanced.experiment, action);
  };

  const loop = startLoop(
    async (signal) => {
      while (!signal.aborted) {
        const live = await store.reads.experiments.listLive().catch(noneKnown);
        for (const id of measuring.keys()) if (!live.includes(id)) stopMeasuring(id);
        for (const id of live) {
          await rounds("experiments", () => step(id)).catch((error: unknown) =>
            log.warn({ err: error, experiment: id }, "an experiment waits"),
          );
        }
        await clock.sleep(LOOK_INTERVAL_MS, signal);
      }
    },
    (error) => log.error({ err: error }, "experiments ended"),
  );
  return {
    stop: async () => {
      stopping.abort();
      await loop.stop();
      await Promise.all(underWay.values());
    },
  };
}
