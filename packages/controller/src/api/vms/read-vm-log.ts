import { DispatchError, type VmId, type VmLogPiece } from "@switchyard/model";
import type { ReadVmLogResponse } from "@switchyard/proto";
import type { CallContext } from "../interceptors/call-context.ts";
import type { ApiParts } from "../parts.ts";
import { assertDone, readVmAddress } from "./vm-address.ts";

/** Between two looks for what a VM wrote meanwhile. */
const FOLLOW_MS = 1_000;

export interface VmLogReading {
  readonly vm: VmId;
  readonly tailBytes: number;
  readonly fromByte: number | undefined;
  readonly isFollowing: boolean;
}

/** The VM is looked up each time: it may have been moved or deleted. */
async function readPiece(parts: ApiParts, reading: VmLogReading): Promise<VmLogPiece> {
  const { vm, tailBytes, fromByte } = reading;
  const { address } = await readVmAddress(parts, vm);
  const answer = await parts.dispatch.vmLog(address, { vm, tailBytes, fromByte });
  assertDone(answer);
  if (answer.vmLog !== undefined) return answer.vmLog;
  throw new DispatchError("HOST_UNREACHABLE", `the agent of ${address.host} sent no log of ${vm}`);
}

/**
 * The end of a VM's serial log in pieces, then what is added to it for as long as the caller likes.
 *
 * @throws StoreError VM_NOT_FOUND; DispatchError HOST_UNREACHABLE
 */
export async function* readVmLog(
  parts: ApiParts,
  reading: VmLogReading,
  { signal }: CallContext,
): AsyncGenerator<ReadVmLogResponse> {
  let next = reading;
  while (!signal.aborted) {
    const { text, startByte, nextByte, endByte, isGap } = await readPiece(parts, next);
    if (text !== "" || isGap) {
      yield { text, startByte: BigInt(startByte), nextByte: BigInt(nextByte), gap: isGap };
    }
    next = { ...reading, fromByte: nextByte };
    if (nextByte < endByte) continue;
    if (!reading.isFollowing) return;
    await parts.clock.sleep(FOLLOW_MS, signal);
  }
}
