import { createHostVerifier, type VerifyHost } from "@switchyard/bus";
import type { HostId } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Reads } from "@switchyard/store";

/** Something signed by a host. */
export interface SignedByHost {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

export type SignatureVerdict = "valid" | "wrong-signature" | "wrong-epoch" | "unknown-host";

/** Checks signatures against the keys hosts enrolled with. */
export interface HostKeys {
  /** @throws StoreError DATABASE_UNAVAILABLE when keys must be read anew and can't be */
  check(message: SignedByHost): Promise<SignatureVerdict>;
  /** The same for messages that came together; one verdict each, in order. */
  checkAll(messages: readonly SignedByHost[]): Promise<readonly SignatureVerdict[]>;
}

interface Credential {
  readonly nkeyPublic: string;
  readonly hostEpoch: number;
}

/** Keys are read anew for an unknown host or a newer epoch, but no more often: strangers can't cause load. */
const REFRESH_MS = 250;

/** From so many signatures on the pool of threads is worth its hand-over. */
const MANY = 8;

export function createHostKeys(
  hosts: Pick<Reads["hosts"], "listCredentials">,
  clock: Clock,
): HostKeys {
  const verify: VerifyHost = createHostVerifier();
  let known: ReadonlyMap<HostId, Credential> = new Map();
  let refreshedAtMs = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;

  const refresh = async () => {
    const credentials = await hosts.listCredentials();
    known = new Map(credentials.map((credential) => [credential.id, credential]));
    refreshedAtMs = clock.monotonicMs();
  };

  const find = async ({ host, hostEpoch }: SignedByHost): Promise<Credential | undefined> => {
    const credential = known.get(host);
    if (credential !== undefined && credential.hostEpoch >= hostEpoch) return credential;
    if (clock.monotonicMs() - refreshedAtMs < REFRESH_MS) return credential;
    refreshing ??= refresh().finally(() => {
      refreshing = undefined;
    });
    await refreshing;
    return known.get(host);
  };

  const check = async (
    message: SignedByHost,
    place: "here" | "pool",
  ): Promise<SignatureVerdict> => {
    const credential = await find(message);
    if (credential === undefined) return "unknown-host";
    if (credential.hostEpoch !== message.hostEpoch) return "wrong-epoch";
    const signed = { bytes: message.signedBytes, signature: message.signature };
    const isValid = await verify(credential.nkeyPublic, signed, place);
    return isValid ? "valid" : "wrong-signature";
  };

  return {
    check: (message) => check(message, "here"),
    checkAll: (messages) => {
      const place = messages.length >= MANY ? "pool" : "here";
      return Promise.all(messages.map((message) => check(message, place)));
    },
  };
}
