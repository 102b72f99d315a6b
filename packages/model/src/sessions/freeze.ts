import { parseVmId, type VmId } from "../ids/ids.ts";
import { isRecord } from "./is-record.ts";

/** Asks for a guest's file systems to be frozen. */
export interface FreezeRequest {
  readonly vm: VmId;
  /** What the freeze is known by. */
  readonly id: string;
  /** After it the host thaws by itself, within {@link FREEZE_LIMITS}. */
  readonly maxMs: number;
}

/** Asks for a freeze to be ended. */
export interface ThawRequest {
  readonly vm: VmId;
  /** This one and no other; undefined: any. */
  readonly id?: string | undefined;
}

/** What a freeze froze, or a thaw thawed. */
export interface FrozenFileSystems {
  readonly count: number;
  /** When the host thaws them by itself, by its wall clock; undefined once they are thawed. */
  readonly thawAtMs?: number;
}

/** Bounds on how long a guest may be frozen: it can write nothing meanwhile. */
export const FREEZE_LIMITS = {
  maxMsMin: 1_000,
  maxMsMax: 10 * 60_000,
  maxMsDefault: 30_000,
  idLengthMax: 64,
} as const;

const isId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= FREEZE_LIMITS.idLengthMax;

/** Undefined where the value is no request that ends by itself in time. @throws InvalidInputError NAME_MALFORMED */
export function parseFreezeRequest(value: unknown): FreezeRequest | undefined {
  if (!isRecord(value) || typeof value["vm"] !== "string") return undefined;
  const { id, maxMs } = value;
  if (!isId(id) || typeof maxMs !== "number") return undefined;
  if (!Number.isSafeInteger(maxMs) || maxMs < 1 || maxMs > FREEZE_LIMITS.maxMsMax) return undefined;
  return { vm: parseVmId(value["vm"]), id, maxMs };
}

/** Undefined where the value is no request. @throws InvalidInputError NAME_MALFORMED */
export function parseThawRequest(value: unknown): ThawRequest | undefined {
  if (!isRecord(value) || typeof value["vm"] !== "string") return undefined;
  const { id } = value;
  if (id !== undefined && !isId(id)) return undefined;
  return { vm: parseVmId(value["vm"]), id };
}
