import {
  findFirmwareState,
  findPortQueues,
  findVnicCounters,
  type HealthReporter,
  type Host,
  listHealthReporters,
  type PortQueue,
  type QueueDirection,
} from "@switchyard/host";
import {
  EXAMINATION_LIMITS,
  type ExaminedCard,
  type Inventory,
  type Pf,
  SwitchyardError,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { countFaults, mayBeStuck } from "../telemetry/card/queue-faults.ts";
import {
  findFirmwareReporter,
  findVnicOfVf,
  QUEUE_REPORTERS,
  reportersOfPf,
  VNIC,
  watchedBy,
} from "../telemetry/card/reporters.ts";

/** A full queue that does not move for so long is called stuck: at any speed a card sends in it. */
const STUCK_AFTER_MS = 300;

interface Looking {
  readonly host: Host;
  readonly clock: Clock;
  readonly inventory: Inventory;
}

/**
 * Asks the reporters of devlink what they see now. Changes nothing. A reporter that can't be read costs its own
 * member only.
 *
 * @throws CommandError where the reporters can't be listed
 */
export async function examineCards({
  host,
  clock,
  inventory,
}: Looking): Promise<readonly ExaminedCard[]> {
  const reporters = await listHealthReporters(host);
  const pfs = inventory.nics.flatMap((nic) => nic.pfs).slice(0, EXAMINATION_LIMITS.cardsMax);
  const cards: ExaminedCard[] = [];
  let vfsLeft: number = EXAMINATION_LIMITS.cardVfsMax;
  for (const pf of pfs) {
    cards.push(await examineCard({ host, clock, reporters, pf, vfsMax: vfsLeft }));
    vfsLeft -= Math.min(vfsLeft, pf.vfs.length);
  }
  return cards;
}

interface LookingAtCard extends Omit<Looking, "inventory"> {
  readonly reporters: readonly HealthReporter[];
  readonly pf: Pf;
  readonly vfsMax: number;
}

async function examineCard(looking: LookingAtCard): Promise<ExaminedCard> {
  const { host, reporters, pf } = looking;
  const own = reportersOfPf(reporters, pf);
  const firmware =
    findFirmwareReporter(own) && (await known(() => findFirmwareState(host, pf.devlinkHandle)));
  const queueDirections: QueueDirection[] = [];
  const failedQueues: ExaminedCard["failedQueues"][number][] = [];
  for (const [name, direction] of QUEUE_REPORTERS) {
    const reporter = own.find((each) => each.name === name);
    if (reporter === undefined) continue;
    const counts = await lookAtQueues(looking, watchedBy(reporter), direction);
    if (counts === undefined) continue;
    queueDirections.push(direction);
    for (const [fault, count] of counts) failedQueues.push({ direction, fault, count });
  }
  return {
    pf: pf.pciAddress,
    unhealthy: own
      .filter(({ isHealthy }) => !isHealthy)
      .map(({ name: reporter, errorCount }) => ({ reporter, errorCount })),
    ...(firmware !== undefined && { firmware }),
    queueDirections,
    failedQueues,
    errorQueues: await errorQueues(looking),
  };
}

/** Looks twice where a queue may stand still. */
async function lookAtQueues(
  { host, clock }: LookingAtCard,
  handle: string,
  direction: QueueDirection,
) {
  const look = () => known(() => findPortQueues(host, handle, direction));
  const first = await look();
  if (first === undefined || !first.some(mayBeStuck)) {
    return first && countFaults(first, undefined);
  }
  await clock.sleep(STUCK_AFTER_MS);
  const second: readonly PortQueue[] | undefined = await look();
  return countFaults(second ?? first, second && first);
}

/** Of the PF and of its VFs; those that have none are left out. */
async function errorQueues({
  host,
  reporters,
  pf,
  vfsMax,
}: LookingAtCard): Promise<ExaminedCard["errorQueues"]> {
  const own = reporters.find(
    ({ handle, portIndex, name }) =>
      handle === pf.devlinkHandle && portIndex === undefined && name === VNIC,
  );
  const asked: { readonly vf?: number; readonly reporter: HealthReporter }[] = [
    ...(own === undefined ? [] : [{ reporter: own }]),
    ...pf.vfs.slice(0, vfsMax).flatMap((vf) => {
      const reporter = findVnicOfVf(reporters, pf, vf);
      return reporter === undefined ? [] : [{ vf: vf.index, reporter }];
    }),
  ];
  const found: { vf?: number; count: number }[] = [];
  for (const { vf, reporter } of asked) {
    const counters = await known(() => findVnicCounters(host, watchedBy(reporter)));
    const count = counters?.errorQueueCount ?? 0;
    if (count > 0) found.push({ ...(vf !== undefined && { vf }), count });
  }
  return found;
}

/** Undefined where the host refuses. */
async function known<Value>(read: () => Promise<Value | undefined>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SwitchyardError) return undefined;
    throw error;
  }
}
