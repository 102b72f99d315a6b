import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { promisify } from "node:util";

/** What stands before the 32 key bytes in DER. @see RFC 8410 section 10 */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

export const ED25519_KEY_BYTES = 32;
const ED25519_SIGNATURE_BYTES = 64;

export const publicKeyFromRaw = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });

export const privateKeyFromSeed = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });

const verifyInPool = promisify<null, NodeJS.ArrayBufferView, KeyObject, Uint8Array, boolean>(
  verify,
);

/** About 40 µs; a thread of libuv's pool would cost half as much again to hand it over. */
export const signEd25519 = (bytes: Uint8Array, key: KeyObject): Buffer => sign(null, bytes, key);

/**
 * Where a check of about 120 µs runs: at once on the event loop, the least for one alone; or on libuv's
 * pool, which keeps the event loop free where many come together.
 */
export type VerifyPlace = "here" | "pool";

export async function verifyEd25519(
  signed: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  key: KeyObject,
  place: VerifyPlace,
): Promise<boolean> {
  const { bytes, signature } = signed;
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  if (place === "here") return verify(null, bytes, key, signature);
  return verifyInPool(null, bytes, key, signature);
}

export const rawPublicKey = (key: KeyObject): Buffer =>
  key.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX.length);
