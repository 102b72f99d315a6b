import { createCoalescer } from "@switchyard/bus";
import type { HostId, RolloutId } from "@switchyard/model";
import { type Logger, Semaphore, type Service, startLoop } from "@switchyard/runtime";
import { examineHost } from "../../api/diagnosis/examine.ts";
import { createFleetViews } from "../../api/diagnosis/fleet-view.ts";
import type { Rounds } from "../../gateway/metrics/instruments.ts";
import { advance } from "./advance.ts";
import { type Begun, beginHosts, isEmptied, ROLLOUT_ACTOR } from "./begin-host.ts";
import { judgeGate } from "./judge-gate.ts";
import { refillHosts } from "./refill-hosts.ts";
import { sendTraffic, type VerifiedHost } from "./send-traffic.ts";
import { type Changed, type VerifyParts, verifyHosts } from "./verify-host.ts";

/** A host that failed halts its rollout within so long, and what that takes. */
const LOOK_INTERVAL_MS = 250;
/** Hosts begun or looked at side by side: most of that is waiting for their agents. */
const HOSTS_AT_ONCE_MAX = 64;
/** Hosts planned or judged in one transaction, which holds their rows for some tens of milliseconds. */
const HOSTS_PER_TRANSACTION_MAX = 32;
/** Of them, those at the database: the API has a pool of 8 connections, and others need it too. */
const TRANSACTIONS_AT_ONCE_MAX = 5;

type Parts = Omit<VerifyParts, "readFleet"> & { readonly log: Logger; readonly rounds: Rounds };

/**
 * Takes rollouts on. Any number of controllers do so side by side: each step is one transaction that holds the
 * rollout, and everything it goes by is in the database, so that any of them goes on where one died.
 */
export function startRollouts(parts: Parts): Service {
  const { store, brake, clock, log, rounds } = parts;
  const transactions = new Semaphore(TRANSACTIONS_AT_ONCE_MAX);
  const gated: Parts = {
    ...parts,
    store: {
      ...store,
      transaction: (context, work) => transactions.run(() => store.transaction(context, work)),
      transactions: (context, items, work) =>
        transactions.run(() => store.transactions(context, items, work)),
    },
  };
  // Many hosts ask the same at the same moment.
  const asking = {
    ...gated,
    store: { ...gated.store, reads: { ...store.reads, ...store.gatheredReads } },
  };
  const verifyParts: VerifyParts = { ...gated, readFleet: createFleetViews(parts) };
  const gate = new Semaphore(HOSTS_AT_ONCE_MAX);
  const underWay = new Map<string, Promise<void>>();

  const together = <Item>(flush: (items: readonly Item[]) => Promise<void>) =>
    createCoalescer<Item>({
      weightMax: HOSTS_PER_TRANSACTION_MAX,
      weigh: () => 1,
      inFlightMax: 1,
      flush,
    });
  const beginnings = together((begun: readonly Begun[]) => beginHosts(gated, begun));
  const verdicts = together((changed: readonly Changed[]) => verifyHosts(verifyParts, changed));

  const run = (key: string, work: () => Promise<void>) => {
    if (underWay.has(key)) return;
    const done = gate
      .run(work)
      .catch((error: unknown) => log.warn({ err: error, key }, "a host of a rollout waits"))
      .finally(() => underWay.delete(key));
    underWay.set(key, done);
  };

  const begin = async (rollout: RolloutId, host: HostId) => {
    const { rollouts } = asking.store.reads;
    let place = await rollouts.findHost(rollout, host);
    if (place?.isEmptied === true) {
      if (!(await isEmptied(gated, { rollout, host }))) return;
      place = await rollouts.findHost(rollout, host);
    }
    if (place?.state !== "running") return beginnings.add([{ rollout, host }]);
    const look = await examineHost(asking, host);
    const fleet = await verifyParts.readFleet();
    await beginnings.add([{ rollout, host, before: { look, fleet } }]);
  };

  /** A short flow is sent where a VM can send one, then the host is looked at. */
  const verify = async (rollout: RolloutId, verified: VerifiedHost) => {
    const { host } = verified;
    const place = await asking.store.reads.rollouts.findHost(rollout, host);
    if (place?.state !== "verifying") return;
    await sendTraffic(asking, verified);
    const look = await examineHost(asking, host);
    const { checksBefore = [] } = place;
    await verdicts.add([{ rollout, host, checksBefore, look }]);
  };

  const step = async (rollout: RolloutId) => {
    const moves = await store.transaction({ actor: ROLLOUT_ACTOR }, (tx) =>
      advance(tx, rollout, { brake, nowMs: clock.nowMs() }),
    );
    const { begun, verifying, judging, traceparent } = moves;
    for (const host of begun) run(`begin ${rollout} ${host}`, () => begin(rollout, host));
    for (const host of verifying) {
      run(`verify ${rollout} ${host}`, () => verify(rollout, { host, traceparent }));
    }
    for (const position of judging) {
      run(`judge ${rollout} ${position}`, () => judgeGate(parts, { id: rollout, position }));
    }
  };

  const loop = startLoop(
    async (signal) => {
      while (!signal.aborted) {
        const moving = await store.reads.rollouts.listMoving().catch(() => []);
        for (const rollout of moving) {
          await rounds("rollouts", () => step(rollout)).catch((error: unknown) =>
            log.warn({ err: error, rollout }, "a rollout waits"),
          );
        }
        await refillHosts(parts).catch((error: unknown) =>
          log.warn({ err: error }, "hosts that were emptied wait"),
        );
        await clock.sleep(LOOK_INTERVAL_MS, signal);
      }
    },
    (error) => log.error({ err: error }, "rollouts ended"),
  );
  return {
    stop: async () => {
      await loop.stop();
      await Promise.all(underWay.values());
    },
  };
}
