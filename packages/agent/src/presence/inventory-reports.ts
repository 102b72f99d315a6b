import type { AgentBus } from "@switchyard/bus";
import {
  deltaOf,
  type Finding,
  type HostId,
  type Inventory,
  type InventoryDelta,
  inventoryDigest,
  REASONS,
  type RestoreReport,
} from "@switchyard/model";
import type { Clock, Logger, Random } from "@switchyard/runtime";
import type { LedgerTrouble } from "../ledger/ledger.ts";

export interface InventoryReportsParts {
  readonly bus: AgentBus;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly readInventory: () => Promise<Inventory>;
  /** Trouble of the ledger, shown as a finding. */
  readonly trouble: () => LedgerTrouble | undefined;
  /** What the host did by itself after its boot. */
  readonly restore: () => RestoreReport | undefined;
  /** Between two looks at the host, milliseconds. */
  readonly intervalMs: number;
}

/** Share of the interval by which looks are spread, so that a fleet does not look in step. */
const JITTER = 0.2;

/** Of the time, for looks at the host: where one takes longer they are more rarely than the interval says. */
const TIME_SHARE_MAX = 1 / 4;

/**
 * Before the look after one that was not published, doubled with each more up to the interval: the bus may just
 * not have been reached yet, and nobody knows the host until then.
 */
const RETRY_MS = 1_000;
const DOUBLINGS_MAX = 16;

/** Publishes what the host is whenever that changed. */
export interface InventoryReports {
  /** What was last observed; undefined before the first look. */
  latest(): Inventory | undefined;
  /** Looks now and publishes, changed or not; rejects when that fails. */
  report(): Promise<void>;
  /** The same, and the inventory as a whole: whoever asks lacks what a delta is against. */
  reportWhole(): Promise<void>;
  /**
   * Looks soon, and publishes also what looks unchanged: a job may have changed the host and come to its
   * end after the last look, and the controller holds nothing older than the job against what was wanted.
   */
  wake(): void;
  run(signal: AbortSignal): Promise<void>;
}

interface Published {
  readonly inventory: Inventory;
  readonly digest: string;
}

/** With more to change, the whole inventory costs little more and needs nothing to be there. */
const EDITS_MAX = 200;
const isSmall = ({ edits }: InventoryDelta): boolean => edits.length <= EDITS_MAX;

export function createInventoryReports(parts: InventoryReportsParts): InventoryReports {
  const { bus, clock, log } = parts;
  let latest: Inventory | undefined;
  /** What the broker has stored of this agent last. */
  let published: Published | undefined;
  let version = 0;
  /** To read the host, the last time. */
  let tookMs = 0;
  let waking = new AbortController();
  let isAwaited = false;

  const look = async ({ isForced = false, isWhole = false }) => {
    // Asked before the host is looked at: what is still missing then is not taken for drift.
    const restore = parts.restore();
    const beganAtMs = clock.monotonicMs();
    const seen = withRestore(await parts.readInventory(), restore);
    tookMs = clock.monotonicMs() - beganAtMs;
    const observed = withTrouble(seen, bus.host, parts.trouble());
    latest = observed;
    const now = { inventory: observed, digest: inventoryDigest(observed) };
    if (!isForced && now.digest === published?.digest) return;
    version += 1;
    const mine = version;
    const base = isWhole ? undefined : published;
    // Until the broker has confirmed it nobody knows whether it is there: the next one is whole.
    published = undefined;
    const delta = base && deltaOf(base, now);
    await bus.publishInventory({
      ...{ version: mine, inventory: observed },
      ...(delta !== undefined && isSmall(delta) && { delta }),
    });
    // Of two looks side by side the broker keeps the one that was published last.
    if (mine === version) published = now;
  };

  return {
    latest: () => latest,
    report: () => look({ isForced: true }),
    reportWhole: () => look({ isForced: true, isWhole: true }),
    wake: () => {
      isAwaited = true;
      waking.abort();
    },
    run: async (signal) => {
      let failures = 0;
      while (!signal.aborted) {
        waking = new AbortController();
        const wasAwaited = isAwaited;
        isAwaited = false;
        try {
          await look({ isForced: wasAwaited });
          failures = 0;
        } catch (error) {
          failures = Math.min(failures + 1, DOUBLINGS_MAX);
          isAwaited ||= wasAwaited;
          log.warn({ err: error }, "the inventory was not published");
        }
        const retryMs = failures === 0 ? Number.POSITIVE_INFINITY : RETRY_MS * 2 ** (failures - 1);
        const spread = 1 + JITTER * (2 * parts.random.float() - 1);
        const restMs = tookMs * (1 / TIME_SHARE_MAX - 1);
        const pauseMs = Math.max(Math.min(parts.intervalMs, retryMs) * spread, restMs);
        await clock.sleep(pauseMs, AbortSignal.any([signal, waking.signal]));
      }
    },
  };
}

function withRestore(observed: Inventory, restore: RestoreReport | undefined): Inventory {
  if (restore === undefined) return observed;
  const findings = restore.finding === undefined ? [] : [restore.finding];
  return { ...observed, restore, findings: [...observed.findings, ...findings] };
}

function withTrouble(
  observed: Inventory,
  host: HostId,
  trouble: LedgerTrouble | undefined,
): Inventory {
  if (trouble === undefined) return observed;
  const { summary, fix } = REASONS[trouble];
  const finding: Finding = {
    reason: trouble,
    severity: "error",
    message: `${host} accepts no jobs: ${summary}`,
    found: trouble === "LEDGER_FULL" ? "no free space" : "a record with a wrong checksum",
    needs: "a ledger that can be read and written",
    fix,
  };
  return { ...observed, findings: [...observed.findings, finding] };
}
