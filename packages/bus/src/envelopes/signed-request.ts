import { canonicalJson, type HostId } from "@switchyard/model";
import type { SignedRequest } from "@switchyard/proto";
import type { SigningKey, VerifyControllers } from "../keys/signing-key.ts";
import { sha256, signingBytes } from "./canonical.ts";

/** What a controller asks about a VM. */
export interface OutgoingRequest {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly verb: string;
  /** 32 hex digits that nobody can guess. */
  readonly id: string;
  readonly expireAtMs: number;
  readonly params: unknown;
}

/** A request whose signature was checked; what it asks for is still to be read. */
export interface ReceivedRequest {
  readonly id: string;
  readonly params: unknown;
}

/** How long a request may be on its way; hosts' clocks differ by less. */
export const REQUEST_TTL_MS = 60_000;
/** Ids kept until they expire, so that none is taken twice. */
const IDS_MAX = 4_096;
const ID = /^[0-9a-f]{32}$/;
const CONTEXT = "switchyard.v1.SignedRequest";

const bytesToSign = (request: SignedRequest): Buffer =>
  signingBytes(CONTEXT, [
    request.host,
    request.hostEpoch,
    request.verb,
    request.id,
    request.expireTime?.getTime() ?? 0,
    request.keyId,
    sha256(request.paramsJson),
  ]);

export function signRequest(request: OutgoingRequest, key: SigningKey): SignedRequest {
  const unsigned: SignedRequest = {
    host: request.host,
    hostEpoch: BigInt(request.hostEpoch),
    verb: request.verb,
    id: request.id,
    expireTime: new Date(request.expireAtMs),
    paramsJson: Buffer.from(canonicalJson(request.params)),
    keyId: key.keyId,
    signature: Buffer.alloc(0),
  };
  return { ...unsigned, signature: key.sign(bytesToSign(unsigned)) };
}

/** Checks requests for one host and enrolment, and takes each once. */
export interface RequestGate {
  /** Undefined where it is not signed by a controller for this host and verb, expired, or was taken before. */
  admit(verb: string, request: SignedRequest | undefined): Promise<ReceivedRequest | undefined>;
}

export function createRequestGate(options: {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly verify: VerifyControllers;
  readonly nowMs: () => number;
}): RequestGate {
  const taken = new Map<string, number>();
  const isNew = (id: string, expireAtMs: number): boolean => {
    const nowMs = options.nowMs();
    for (const [old, endMs] of taken) {
      if (endMs > nowMs) break;
      taken.delete(old);
    }
    if (taken.has(id) || taken.size >= IDS_MAX) return false;
    taken.set(id, expireAtMs);
    return true;
  };
  const isMeant = (verb: string, request: SignedRequest): boolean => {
    const expireAtMs = request.expireTime?.getTime() ?? 0;
    const nowMs = options.nowMs();
    return (
      request.host === options.host &&
      request.hostEpoch === BigInt(options.hostEpoch) &&
      request.verb === verb &&
      ID.test(request.id) &&
      expireAtMs > nowMs &&
      expireAtMs <= nowMs + 2 * REQUEST_TTL_MS
    );
  };
  return {
    admit: async (verb, request) => {
      if (request === undefined || !isMeant(verb, request)) return undefined;
      const { id, keyId, signature, paramsJson } = request;
      if (!(await options.verify(keyId, bytesToSign(request), signature))) return undefined;
      if (!isNew(id, request.expireTime?.getTime() ?? 0)) return undefined;
      try {
        return { id, params: JSON.parse(paramsJson.toString()) };
      } catch {
        return undefined;
      }
    },
  };
}
