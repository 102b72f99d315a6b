import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { DispatchError } from "@switchyard/model";
import type { Random } from "@switchyard/runtime";
import { publicKeyFromRaw, rawPublicKey, signEd25519, verifyEd25519 } from "./raw-ed25519.ts";

/** A controllers' key: signs job envelopes. Controllers of one installation share the file. */
export interface SigningKey {
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Buffer;
  sign(bytes: Uint8Array): Buffer;
}

/** Public half as agents get it when they enrol. */
export interface VerifyingKey {
  readonly keyId: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Read and write for the owner only; group and others must have nothing. */
const KEY_FILE_MODE = 0o600;
const GROUP_AND_OTHERS = 0o077;

const keyIdOf = (publicKey: Uint8Array): string =>
  createHash("sha256").update(publicKey).digest("hex").slice(0, 16);

function fromPrivateKey(privateKey: KeyObject): SigningKey {
  const publicKey = rawPublicKey(createPublicKey(privateKey));
  return { keyId: keyIdOf(publicKey), publicKey, sign: (bytes) => signEd25519(bytes, privateKey) };
}

/** A key that lives in this process only; for tests and simulations. */
export const createSigningKey = (): SigningKey =>
  fromPrivateKey(generateKeyPairSync("ed25519").privateKey);

async function createKeyFile(path: string, random: Random): Promise<void> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${random.hex(8)}`;
  const file = await open(draft, "wx", KEY_FILE_MODE);
  try {
    await file.writeFile(pem);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link fails where the file exists, so that of two controllers that start at once one key wins.
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
}

async function readKeyFile(path: string): Promise<SigningKey> {
  const { mode } = await stat(path);
  if ((mode & GROUP_AND_OTHERS) !== 0) {
    throw new DispatchError("FILE_ACCESS_FAILED", `signing key ${path} can be read by others`, {
      found: (mode & 0o777).toString(8),
      needs: "600",
      try: `chmod 600 ${path}`,
    });
  }
  return fromPrivateKey(createPrivateKey(await readFile(path)));
}

/**
 * The controllers' signing key at `path` (PKCS#8 PEM, mode 0600), made when it is not there. May run twice
 * and from several processes at once.
 *
 * @throws DispatchError FILE_ACCESS_FAILED where group or others can read the file
 */
export async function loadOrCreateSigningKey(path: string, random: Random): Promise<SigningKey> {
  try {
    return await readKeyFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await createKeyFile(path, random);
  return readKeyFile(path);
}

/** Checks a signature by one of `keys`; false for a key id that is not among them. */
export type VerifyControllers = (
  keyId: string,
  bytes: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

export function createControllerVerifier(keys: readonly VerifyingKey[]): VerifyControllers {
  const byId = new Map(keys.map((key) => [key.keyId, publicKeyFromRaw(key.publicKey)]));
  return async (keyId, bytes, signature) => {
    const key = byId.get(keyId);
    return key !== undefined && verifyEd25519({ bytes, signature }, key, "here");
  };
}
