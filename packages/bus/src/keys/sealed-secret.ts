import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { InvalidInputError } from "@switchyard/model";

/*
 * A secret for one host: whoever knows its public key can seal it, and only the host can open it. An X25519 key
 * made for this one secret, HKDF-SHA256 and AES-256-GCM, as in ECIES. A host has one key pair, Ed25519, which is
 * used on the other form of the same curve. @see RFC 7748 section 4.1, RFC 8032 section 5.1.5, RFC 8410
 */

const SPKI_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

const P = 2n ** 255n - 19n;
const SIGN_BIT = 1n << 255n;

const modulo = (value: bigint): bigint => ((value % P) + P) % P;

/** Fermat: a^(p-2). */
function inverse(value: bigint): bigint {
  let [result, base] = [1n, modulo(value)];
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
}

/** u = (1 + y) / (1 - y); the sign of x does not matter. */
function montgomeryOf(edwards: Uint8Array): Buffer {
  const littleEndian = Buffer.from(edwards).reverse().toString("hex");
  const y = BigInt(`0x${littleEndian}`) & ~SIGN_BIT;
  const u = modulo((1n + y) * inverse(1n - y));
  return Buffer.from(u.toString(16).padStart(KEY_BYTES * 2, "0"), "hex").reverse();
}

const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });

const rawOf = (key: KeyObject): Buffer =>
  key.export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX.length);

/** The X25519 half of an Ed25519 seed: the first half of its hash, which X25519 clamps itself. */
function privateKeyOf(seed: Uint8Array): KeyObject {
  const scalar = createHash("sha512").update(seed).digest().subarray(0, KEY_BYTES);
  return createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, scalar]),
    format: "der",
    type: "pkcs8",
  });
}

/** Key and nonce, of which each sealing has its own. */
function derive(shared: Buffer, from: Buffer, to: Buffer, purpose: string) {
  const salt = Buffer.concat([from, to]);
  const length = KEY_BYTES + NONCE_BYTES;
  const bytes = Buffer.from(hkdfSync("sha256", shared, salt, `switchyard ${purpose}`, length));
  return { key: bytes.subarray(0, KEY_BYTES), nonce: bytes.subarray(KEY_BYTES) };
}

/**
 * @param edwards the reader's public Ed25519 key, 32 bytes
 * @param purpose what the secret is for; who opens it must say the same
 * @returns base64url
 */
export function sealTo(edwards: Uint8Array, secret: Uint8Array, purpose: string): string {
  const to = montgomeryOf(edwards);
  const own = generateKeyPairSync("x25519");
  const from = rawOf(own.publicKey);
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey: publicKeyOf(to) });
  const { key, nonce } = derive(shared, from, to, purpose);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([from, cipher.getAuthTag(), sealed]).toString("base64url");
}

/**
 * @param seed of the reader's Ed25519 key, 32 bytes
 * @throws InvalidInputError FIELD_INVALID what was sealed to another key, for another purpose, or was changed
 */
export function unsealWith(seed: Uint8Array, sealed: string, purpose: string): Buffer {
  try {
    const bytes = Buffer.from(sealed, "base64url");
    const from = bytes.subarray(0, KEY_BYTES);
    const tag = bytes.subarray(KEY_BYTES, KEY_BYTES + TAG_BYTES);
    const privateKey = privateKeyOf(seed);
    const shared = diffieHellman({ privateKey, publicKey: publicKeyOf(from) });
    const { key, nonce } = derive(shared, from, rawOf(createPublicKey(privateKey)), purpose);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    return Buffer.concat([
      decipher.update(bytes.subarray(KEY_BYTES + TAG_BYTES)),
      decipher.final(),
    ]);
  } catch {
    throw new InvalidInputError("FIELD_INVALID", "the secret was not sealed to this host's key", {
      needs: "a secret sealed to the key that the host has now",
    });
  }
}
