import type { KeyObject } from "node:crypto";
import { InvalidInputError } from "@switchyard/model";
import { nkeys } from "nats";
import {
  ED25519_KEY_BYTES,
  privateKeyFromSeed,
  publicKeyFromRaw,
  signEd25519,
  type VerifyPlace,
  verifyEd25519,
} from "./raw-ed25519.ts";
import { sealTo, unsealWith } from "./sealed-secret.ts";

/** A host's key: opens its NATS connection and signs its events and inventories. */
export interface HostKey {
  /** NATS user nkey, 56 characters beginning with U. */
  readonly nkeyPublic: string;
  /** The nkey seed, beginning with SU; secret. */
  readonly seed: string;
  sign(bytes: Uint8Array): Buffer;
  /** Opens what {@link sealForHost} made for this key. @throws InvalidInputError FIELD_INVALID */
  unseal(sealed: string, purpose: string): Buffer;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NKEY_PUBLIC = /^U[A-Z2-7]{55}$/;

/** @see RFC 4648 section 6, without padding */
function base32Decode(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    value = (value << 5) | BASE32.indexOf(character);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 0xff);
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

/** An nkey seed is two prefix bytes, the 32-byte seed and a CRC. @see nats-io/nkeys README */
const SEED_PREFIX_BYTES = 2;
/** A public nkey is one prefix byte, the 32-byte key and a CRC. */
const PUBLIC_PREFIX_BYTES = 1;

/**
 * Signing goes through node:crypto because the nkeys package signs in plain JavaScript, about fifty times
 * slower.
 *
 * @throws InvalidInputError FIELD_INVALID where the seed is no user seed
 */
export function hostKeyFromSeed(seed: string): HostKey {
  const nkeyPublic = publicOfSeed(seed);
  const raw = base32Decode(seed).subarray(SEED_PREFIX_BYTES, SEED_PREFIX_BYTES + ED25519_KEY_BYTES);
  const key = privateKeyFromSeed(raw);
  return {
    ...{ nkeyPublic, seed },
    sign: (bytes) => signEd25519(bytes, key),
    unseal: (sealed, purpose) => unsealWith(raw, sealed, purpose),
  };
}

const rawOfNkey = (nkeyPublic: string): Buffer =>
  base32Decode(nkeyPublic).subarray(PUBLIC_PREFIX_BYTES, PUBLIC_PREFIX_BYTES + ED25519_KEY_BYTES);

/**
 * Seals a secret so that only the host with this key can open it.
 *
 * @param purpose what it is for; whoever opens it must say the same
 * @returns base64url
 * @throws InvalidInputError FIELD_INVALID where the key is no public user nkey
 */
export const sealForHost = (nkeyPublic: string, secret: Uint8Array, purpose: string): string =>
  sealTo(rawOfNkey(parseNkeyPublic(nkeyPublic)), secret, purpose);

function publicOfSeed(seed: string): string {
  try {
    const nkeyPublic = nkeys.fromSeed(Buffer.from(seed)).getPublicKey();
    return parseNkeyPublic(nkeyPublic);
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    throw new InvalidInputError("FIELD_INVALID", "the text is no nkey seed", { needs: "SU…" });
  }
}

/** A new key, made on the host and never sent. */
export const createHostKey = (): HostKey =>
  hostKeyFromSeed(Buffer.from(nkeys.createUser().getSeed()).toString("ascii"));

/** @throws InvalidInputError FIELD_INVALID where prefix, length or check sum is wrong */
export function parseNkeyPublic(text: string): string {
  if (NKEY_PUBLIC.test(text) && isWellFormed(text)) return text;
  throw new InvalidInputError("FIELD_INVALID", "the text is no public user nkey", {
    found: text.slice(0, 64),
    needs: "56 characters beginning with U",
  });
}

function isWellFormed(text: string): boolean {
  try {
    nkeys.fromPublic(text);
    return true;
  } catch {
    return false;
  }
}

/** Something a host signed. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** Checks a signature made by a host. */
export type VerifyHost = (
  nkeyPublic: string,
  signed: SignedBytes,
  place: VerifyPlace,
) => Promise<boolean>;

/** Parsed keys kept; a fleet larger than this parses some again. */
const PARSED_KEYS_MAX = 20_000;

export function createHostVerifier(): VerifyHost {
  const parsed = new Map<string, KeyObject>();
  const keyOf = (nkeyPublic: string): KeyObject => {
    const known = parsed.get(nkeyPublic);
    if (known !== undefined) return known;
    const key = publicKeyFromRaw(rawOfNkey(nkeyPublic));
    if (parsed.size >= PARSED_KEYS_MAX) parsed.clear();
    parsed.set(nkeyPublic, key);
    return key;
  };
  return async (nkeyPublic, signed, place) =>
    NKEY_PUBLIC.test(nkeyPublic) && verifyEd25519(signed, keyOf(nkeyPublic), place);
}
