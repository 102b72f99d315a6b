import type { ExperimentId, HostId, VmId } from "@switchyard/model";
import { assert } from "@switchyard/model";
import type { ExperimentRecord } from "@switchyard/store";

export interface PairedVm {
  readonly vm: VmId;
  readonly host: HostId;
}

/** The VM that sends, and the one that receives: an experiment's name is short enough for both. */
export function pairOf({
  id,
  spec,
}: Pick<ExperimentRecord, "id" | "spec">): readonly [sender: PairedVm, receiver: PairedVm] {
  const [first, second = first] = spec.hosts;
  assert(first !== undefined && second !== undefined, `experiment ${id} has hosts`);
  return [
    { vm: nameOf(id, 1), host: first },
    { vm: nameOf(id, 2), host: second },
  ];
}

const nameOf = (id: ExperimentId, place: number): VmId => `${id}-${place}` as VmId;
