import { createHash, createHmac } from "node:crypto";
import { parseNkeyPublic } from "@switchyard/bus";
import type { HostId, LabelSelector } from "@switchyard/model";
import {
  CreateEnrollmentTokenRequest,
  type EnrollmentServiceService,
  EnrollmentToken,
  type EnrollRequest,
} from "@switchyard/proto";
import { admitHost } from "../hosts/admit-host.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { checkLabels, checkRequestId } from "../validation/fields.ts";
import { hostName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";

const TTL_DEFAULT_MS = 60 * 60_000;
const TTL_MIN_MS = 60_000;
const TTL_MAX_MS = 24 * 60 * 60_000;

const NONCE_BYTES = 32;
const AGENT_VERSION = /^[0-9A-Za-z.+-]{1,64}$/;

interface TokenWish {
  readonly host: HostId;
  readonly ttlMs: number;
  readonly labels: LabelSelector;
  readonly allowReenroll: boolean;
}

function readWish(request: CreateEnrollmentTokenRequest): TokenWish {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const host = violations.parse("host", request.host, hostName.parse);
  checkLabels(request.labels, violations, "labels");
  const { ttl, labels, allowReenroll } = request;
  const ttlMs = ttl === undefined ? TTL_DEFAULT_MS : Number(ttl.seconds) * 1000 + ttl.nanos / 1e6;
  const isIn = ttlMs >= TTL_MIN_MS && ttlMs <= TTL_MAX_MS;
  violations.check(isIn, "ttl", "must be 1 minute to 24 hours");
  violations.assertNone();
  return { host: host!, ttlMs, labels, allowReenroll }; // no violations: it was parsed
}

function readEnroll(request: EnrollRequest) {
  const violations = createViolations();
  const host = violations.parse("host", request.host, hostName.parse);
  const nkeyPublic = violations.parse("nkey_public", request.nkeyPublic, parseNkeyPublic);
  violations.check(request.token !== "", "token", "is required");
  const { agentVersion } = request;
  violations.check(AGENT_VERSION.test(agentVersion), "agent_version", "must be a version");
  violations.assertNone();
  return { host: host!, nkeyPublic: nkeyPublic!, agentVersion }; // no violations: both were parsed
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * The token that belongs to a nonce. Answers of calls with a request id are kept for a day, and a token
 * must not be kept: the nonce is, from which only a controller can make the token again.
 */
const tokenOf = (clusterKey: string, nonce: string): string =>
  createHmac("sha256", clusterKey).update(`enrollment\0${nonce}`).digest("base64url");

export const createEnrollmentService = (
  parts: ApiParts,
): MethodsOf<typeof EnrollmentServiceService> => ({
  createEnrollmentToken: {
    role: "admin",
    call: async (request, context) => {
      const wish = readWish(request);
      const answer = await mutate(parts, {
        context,
        request,
        requestType: CreateEnrollmentTokenRequest,
        responseType: EnrollmentToken,
        work: async (tx) => {
          const nonce = parts.random.hex(NONCE_BYTES);
          const hash = hashOf(tokenOf(parts.clusterKey, nonce));
          const { expireAtMs } = await tx.hosts.createEnrollmentToken({ ...wish, hash });
          const host = hostName.format(wish.host);
          return { host, token: nonce, expireTime: new Date(expireAtMs) };
        },
      });
      return { ...answer, token: tokenOf(parts.clusterKey, answer.token) };
    },
  },
  enroll: {
    role: "anyone",
    call: async (request, context) => {
      const { host, nkeyPublic, agentVersion } = readEnroll(request);
      const shard = parts.busAccess.shardOf(host);
      const draft = { host, nkeyPublic, agentVersion, shard, tokenHash: hashOf(request.token) };
      const actor = hostName.format(host);
      const enrolled = await parts.store.transaction(
        { actor, requestId: context.callId },
        async (tx) => {
          const outcome = await tx.hosts.enroll(draft);
          return { ...outcome, keys: await tx.signingKeys.list() };
        },
      );
      parts.changes.wake();
      // After the commit: a broker that is away refuses the call, and the agent asks again.
      await admitHost(parts, host);
      parts.dispatch.wake();
      return {
        host: actor,
        hostEpoch: BigInt(enrolled.host.hostEpoch),
        natsServers: [...parts.busAccess.natsServers],
        shard: enrolled.host.shard,
        signingKeys: enrolled.keys.map(({ keyId, publicKey }) => ({
          keyId,
          publicKey: Buffer.from(publicKey),
        })),
      };
    },
  },
});
