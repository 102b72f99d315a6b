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
  /**
   * Of a host that is not known the keys are read anew first, at most every quarter of a second.
   *
   * @throws StoreError DATABASE_UNAVAILABLE when keys must be read anew and can't be
   */
  check(message: SignedByHost): Promise<SignatureVerdict>;
  /** The same for messages that came together; one verdict each, in order. */
  checkAll(messages: readonly SignedByHost[]): Promise<readonly SignatureVerdict[]>;
}

interface Credential {
  readonly nkeyPublic: string;
  readonly hostEpoch: number;
}

/** Keys are read anew for an unknown host or a newer epoch, but no more often: strangers can't cause load. */
const READING_INTERVAL_MS = 250;

/** From so many signatures on the pool of threads is worth its hand-over. */
const MANY = 8;

export function createHostKeys(
  hosts: Pick<Reads["hosts"], "listCredentials">,
  clock: Clock,
): HostKeys {
  const verify: VerifyHost = createHostVerifier();
  let known: ReadonlyMap<HostId, Credential> = new Map();
  let readingBeganAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();
  let nextReading: Promise<void> | undefined;

  const read = async () => {
    readingBeganAtMs = clock.monotonicMs();
    const credentials = await hosts.listCredentials();
    known = new Map(credentials.map((credential) => [credential.id, credential]));
  };
  const beginNext = async () => {
    await reading.catch(() => undefined); // told to those who waited for it
    const waitMs = readingBeganAtMs + READING_INTERVAL_MS - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs);
    nextReading = undefined;
    reading = read();
    await reading;
  };
  /** Resolves after a reading that began after this call: one under way may have missed who enrolled since. */
  const readAfterNow = (): Promise<void> => {
    nextReading ??= beginNext();
    return nextReading;
  };

  const find = async ({ host, hostEpoch }: SignedByHost): Promise<Credential | undefined> => {
    const credential = known.get(host);
    if (credential !== undefined && credential.hostEpoch >= hostEpoch) return credential;
    await readAfterNow();
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
