import {
  findFirmwareState,
  findPortQueues,
  findVnicCounters,
  type HealthReporter,
  listHealthReporters,
  type PortQueue,
} from "@switchyard/host";
import type { Pf } from "@switchyard/model";
import { countFaults, FAULTS_OF } from "../../card/queue-faults.ts";
import {
  findFirmwareReporter,
  findVnicOfVf,
  QUEUE_REPORTERS,
  reportersOfPf,
  watchedBy,
} from "../../card/reporters.ts";
import { createLastingSums } from "../lasting-sums.ts";
import type { Pass, Source } from "../source.ts";
import { ALL_VFS, addOfVf, pfsOf, type SampledVf, sampledVfs } from "./netdevs.ts";

async function addFirmware(pass: Pass, pf: Pf, { handle }: HealthReporter): Promise<void> {
  const state = await pass.attempt(() => findFirmwareState(pass.host, handle));
  if (state === undefined) return;
  pass.add("nic.health.firmware_fault", pf.pciAddress, state.syndrome === 0 ? 0 : 1);
}

/** Keeps the queues of the last look, to tell which of them stand still. */
function createQueueSource() {
  let last: ReadonlyMap<string, readonly PortQueue[]> = new Map();
  return async (pass: Pass, reporters: ReadonlyMap<Pf, readonly HealthReporter[]>) => {
    const now = new Map<string, readonly PortQueue[]>();
    for (const [pf, own] of reporters) {
      for (const reporter of own) {
        const direction = QUEUE_REPORTERS.get(reporter.name);
        if (direction === undefined) continue;
        const handle = watchedBy(reporter);
        const queues = await pass.attempt(() => findPortQueues(pass.host, handle, direction));
        if (queues === undefined) continue;
        const key = `${handle} ${direction}`;
        now.set(key, queues);
        const counts = countFaults(queues, last.get(key));
        for (const fault of FAULTS_OF[direction]) {
          const object = `${pf.pciAddress}/${direction}/${fault}`;
          pass.add("nic.health.failed_queues", object, counts.get(fault) ?? 0);
        }
      }
    }
    last = now;
  };
}

/** VFs asked in one pass: each is a process and a command to the card. */
const VFS_PER_PASS_MAX = 64;

const total = (values: Iterable<number>): number =>
  [...values].reduce((sum, each) => sum + each, 0);

/** Asks the VFs in turns where one pass can't ask all. */
function createVnicSource() {
  const sums = createLastingSums();
  const errorQueues = new Map<string, number>();
  let next = 0;

  const readVf = async (pass: Pass, vf: SampledVf, reporter: HealthReporter) => {
    const handle = watchedBy(reporter);
    const counters = await pass.attempt(() => findVnicCounters(pass.host, handle));
    const value = counters === undefined ? undefined : total(counters.events.values());
    addOfVf(pass, sums, vf, { metric: "nic.vf.vnic_events", value });
    if (counters?.errorQueueCount === undefined) errorQueues.delete(vf.key);
    else errorQueues.set(vf.key, counters.errorQueueCount);
  };

  /** Single VFs would cost more series than the rare trouble is worth: the doctor tells which. */
  const addErrorQueues = (pass: Pass, vfs: readonly SampledVf[]) => {
    for (const pf of pfsOf(pass.inventory)) {
      const known = vfs.flatMap((vf) => (vf.pf === pf ? (errorQueues.get(vf.key) ?? []) : []));
      if (known.length === 0) continue;
      pass.add("nic.vf.error_queues", `${pf.pciAddress}/${ALL_VFS}`, total(known));
    }
  };

  return async (pass: Pass, reporters: readonly HealthReporter[]) => {
    const told = sampledVfs(pass.inventory).flatMap((vf) => {
      const reporter = findVnicOfVf(reporters, vf.pf, vf.vf);
      return reporter === undefined ? [] : [{ vf, reporter }];
    });
    const keys = new Set(told.map(({ vf }) => vf.key));
    sums.keepOnly(keys);
    for (const key of errorQueues.keys()) if (!keys.has(key)) errorQueues.delete(key);
    if (next >= told.length) next = 0;
    const turn = told.slice(next, next + VFS_PER_PASS_MAX);
    for (const { vf, reporter } of turn) await readVf(pass, vf, reporter);
    next += turn.length;
    sums.tellInto(pass);
    addErrorQueues(
      pass,
      told.map(({ vf }) => vf),
    );
  };
}

/**
 * What the reporters of devlink see when they are asked: the firmware, the queues of PFs, and what the card counts
 * against VFs. Asking costs the card some time, so it is done seldom.
 */
export function cardDiagnosisSource(): Source {
  const addQueues = createQueueSource();
  const addVnics = createVnicSource();
  return {
    name: "devlink health diagnose",
    rate: "60s",
    read: async (pass) => {
      const pfs = pfsOf(pass.inventory);
      if (pfs.length === 0) return;
      const all = await listHealthReporters(pass.host);
      const reporters = new Map(pfs.map((pf) => [pf, reportersOfPf(all, pf)]));
      for (const [pf, own] of reporters) {
        const firmware = findFirmwareReporter(own);
        if (firmware !== undefined) await addFirmware(pass, pf, firmware);
      }
      await addQueues(pass, reporters);
      await addVnics(pass, all);
    },
  };
}
