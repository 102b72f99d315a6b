import { findQueueStats, type QueueStats } from "@switchyard/host";
import type { Inventory, VdpaDevice } from "@switchyard/model";
import type { Pass, Source } from "../source.ts";

const total = (queues: readonly QueueStats[], value: (queue: QueueStats) => number): number =>
  queues.reduce((sum, queue) => sum + value(queue), 0);

/** Queues asked in one pass: each is a firmware command of some milliseconds. */
const QUEUES_PER_PASS_MAX = 256;

/** Devices whose guest's driver is up; the others have no counters, and their queues need not be asked. */
const drivenDevices = ({ nics }: Inventory): readonly VdpaDevice[] =>
  nics
    .flatMap((nic) => nic.pfs)
    .flatMap((pf) => pf.vfs)
    .flatMap(({ vdpa }) => (vdpa?.negotiatedFeatures === undefined ? [] : [vdpa]));

/** All but the control queue. */
const dataQueues = ({ maxVqs }: VdpaDevice): number => maxVqs - (maxVqs % 2);

/**
 * Descriptors of the queues of each vDPA device, added up for each direction: single queues would cost more series
 * than a host may have. Where one pass can't ask all of them, devices take turns.
 */
export function vdpaSource(): Source {
  let last = "";
  return {
    name: "vDPA queues",
    rate: "10s",
    read: async (pass) => {
      const all = [...drivenDevices(pass.inventory)].sort((left, right) =>
        left.name < right.name ? -1 : 1,
      );
      const next = all.findIndex(({ name }) => name > last);
      const turn = next <= 0 ? all : [...all.slice(next), ...all.slice(0, next)];
      let asked = 0;
      for (const device of turn) {
        asked += dataQueues(device);
        if (asked > QUEUES_PER_PASS_MAX) return;
        await addDevice(pass, device);
        last = device.name;
      }
      last = "";
    },
  };
}

async function addDevice(pass: Pass, device: VdpaDevice): Promise<void> {
  const { name } = device;
  const queues = await pass.attempt(() => findQueueStats(pass.host, name, dataQueues(device)));
  for (const direction of ["receive", "transmit"] as const) {
    const own = queues?.filter((queue) => queue.direction === direction) ?? [];
    if (own.length === 0) continue;
    const object = `${name}/${direction}`;
    const received = total(own, ({ receivedDescriptors }) => receivedDescriptors);
    const completed = total(own, ({ completedDescriptors }) => completedDescriptors);
    pass.add("vdpa.received_descriptors", object, received);
    pass.add("vdpa.completed_descriptors", object, completed);
  }
}
