import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Clock, Random } from "@switchyard/runtime";

/** A self-signed certificate, as BMCs are delivered with one. */
export interface SelfSigned {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `sha256//…` of its public key, as curl takes it. */
  readonly publicKeyPin: string;
}

/*
 * DER as far as one certificate needs it. @see ITU-T X.690; RFC 5280
 */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** `[n] EXPLICIT`. */
  explicit: (n: number) => 0xa0 + n,
  /** `[n] IMPLICIT` of a primitive type. */
  implicit: (n: number) => 0x80 + n,
} as const;

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  const octets = bytes < 0x100 ? [bytes] : [bytes >> 8, bytes & 0xff];
  return Buffer.from([0x80 + octets.length, ...octets]);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(TAG.sequence, ...parts);
const bytes = (...octets: readonly number[]): Buffer => Buffer.from(octets);
const bits = (content: Buffer): Buffer => der(TAG.bitString, bytes(0), content);

/** Object identifiers, encoded. */
const OID = {
  ecdsaWithSha256: der(TAG.objectId, Buffer.from("2a8648ce3d040302", "hex")),
  commonName: der(TAG.objectId, Buffer.from("550403", "hex")),
  basicConstraints: der(TAG.objectId, Buffer.from("551d13", "hex")),
  subjectAltName: der(TAG.objectId, Buffer.from("551d11", "hex")),
} as const;

const nameOf = (commonName: string): Buffer =>
  sequence(der(TAG.set, sequence(OID.commonName, der(TAG.utf8, Buffer.from(commonName)))));

/** `YYYYMMDDHHMMSSZ`. */
const timeOf = (ms: number): Buffer =>
  der(TAG.time, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\.\d+Z$/g, "")}Z`));

/** Its own authority, so that it can also be named in a CA file. */
const extensions = (address: readonly number[]): Buffer => {
  const isAuthority = sequence(der(TAG.boolean, bytes(0xff)));
  const names = sequence(der(TAG.implicit(7), bytes(...address)));
  return der(
    TAG.explicit(3),
    sequence(
      sequence(OID.basicConstraints, der(TAG.octetString, isAuthority)),
      sequence(OID.subjectAltName, der(TAG.octetString, names)),
    ),
  );
};

const DAY_MS = 24 * 3_600_000;

/** Makes a key and a certificate for 127.0.0.1 that is valid for some days. */
export function createSelfSigned(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly commonName: string;
}): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicDer = publicKey.export({ type: "spki", format: "der" });
  const now = options.clock.nowMs();
  const algorithm = sequence(OID.ecdsaWithSha256);
  const name = nameOf(options.commonName);
  const body = sequence(
    der(TAG.explicit(0), der(TAG.integer, bytes(2))),
    // The leading byte keeps the number positive.
    der(TAG.integer, bytes(0x01), Buffer.from(options.random.hex(8), "hex")),
    algorithm,
    name,
    sequence(timeOf(now - DAY_MS), timeOf(now + DAY_MS)),
    name,
    publicDer,
    extensions([127, 0, 0, 1]),
  );
  const certificate = sequence(body, algorithm, bits(signatureOf(body, privateKey)));
  return {
    certificatePem: pem("CERTIFICATE", certificate),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyPin: `sha256//${createHash("sha256").update(publicDer).digest("base64")}`,
  };
}

const signatureOf = (body: Buffer, key: KeyObject): Buffer => sign("sha256", body, key);

const pem = (label: string, content: Buffer): string => {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};
