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

const signInPool = promisify<null, NodeJS.ArrayBufferView, KeyObject, Buffer>(sign);
const verifyInPool = promisify<null, NodeJS.ArrayBufferView, KeyObject, Uint8Array, boolean>(
  verify,
);

/** Signs on a thread of libuv's pool: 60 µs that the event loop has for other work. */
export const signEd25519 = (bytes: Uint8Array, key: KeyObject): Promise<Buffer> =>
  signInPool(null, bytes, key);

/** Verifies on a thread of libuv's pool: 150 µs that the event loop has for other work. */
export const verifyEd25519 = async (
  bytes: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): Promise<boolean> =>
  signature.length === ED25519_SIGNATURE_BYTES && verifyInPool(null, bytes, key, signature);

export const rawPublicKey = (key: KeyObject): Buffer =>
  key.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX.length);
