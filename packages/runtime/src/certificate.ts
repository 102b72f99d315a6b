import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP, SocketAddress } from "node:net";
import type { Clock } from "./clock.ts";
import { bits, der, objectId, octets, pemOf, sequence, TAG, timeOf } from "./der.ts";
import type { Random } from "./random.ts";

/** A certificate (X.509, ECDSA P-256) and its key. */
export interface Certificate {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  /** `sha256//…` of its public key, as curl takes it. */
  readonly publicKeyPin: string;
}

export interface CertificateOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly commonName: string;
  /** DNS names and IP addresses that it is valid for. */
  readonly names: readonly string[];
  /** Whether it may sign others. */
  readonly isAuthority: boolean;
  /** Valid from a day ago until so many days from now. */
  readonly days: number;
  /** Who signs; itself unless told. */
  readonly issuer?: Pick<Certificate, "certificatePem" | "keyPem">;
}

const OID = {
  ecdsaWithSha256: objectId("2a8648ce3d040302"),
  commonName: objectId("550403"),
  basicConstraints: objectId("551d13"),
  subjectAltName: objectId("551d11"),
} as const;

const DAY_MS = 24 * 3_600_000;
const SERIAL_BYTES = 8;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

const nameOf = (commonName: string): Buffer =>
  sequence(der(TAG.set, sequence(OID.commonName, der(TAG.utf8, Buffer.from(commonName)))));

/** Octets of an address in network order. */
function addressOctets(address: string): Buffer {
  if (isIP(address) === 4) return octets(...address.split(".").map(Number));
  const [head = "", tail] = new SocketAddress({ address, family: "ipv6" }).address.split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":"));
  const before = words(head);
  const after = words(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return Buffer.from(
    [...before, ...zeros, ...after].map((word) => word.padStart(4, "0")).join(""),
    "hex",
  );
}

const alternativeName = (name: string): Buffer =>
  isIP(name) === 0
    ? der(TAG.implicit(DNS_NAME), Buffer.from(name, "latin1"))
    : der(TAG.implicit(IP_ADDRESS), addressOctets(name));

function extensions({ names, isAuthority }: CertificateOptions): Buffer {
  const constraints = isAuthority ? sequence(der(TAG.boolean, octets(0xff))) : sequence();
  const list = [sequence(OID.basicConstraints, der(TAG.octetString, constraints))];
  if (names.length > 0) {
    const alternatives = sequence(...names.map(alternativeName));
    list.push(sequence(OID.subjectAltName, der(TAG.octetString, alternatives)));
  }
  return der(TAG.explicit(3), sequence(...list));
}

/** The issuer's common name: ours have nothing else in their names. */
const issuerName = (certificatePem: string): string =>
  new X509Certificate(certificatePem).subject.replace(/^CN=/, "");

/** Makes a key and a certificate of it. */
export function createCertificate(options: CertificateOptions): Certificate {
  const { clock, random, commonName, days, issuer } = options;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicDer = publicKey.export({ type: "spki", format: "der" });
  const now = clock.nowMs();
  const algorithm = sequence(OID.ecdsaWithSha256);
  const body = sequence(
    der(TAG.explicit(0), der(TAG.integer, octets(2))),
    // The leading byte keeps the number positive.
    der(TAG.integer, octets(0x01), Buffer.from(random.hex(SERIAL_BYTES), "hex")),
    algorithm,
    nameOf(issuer === undefined ? commonName : issuerName(issuer.certificatePem)),
    sequence(timeOf(now - DAY_MS), timeOf(now + days * DAY_MS)),
    nameOf(commonName),
    publicDer,
    extensions(options),
  );
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.keyPem);
  const certificate = sequence(body, algorithm, bits(signatureOf(body, signer)));
  return {
    certificatePem: pemOf("CERTIFICATE", certificate),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKeyPin: `sha256//${createHash("sha256").update(publicDer).digest("base64")}`,
  };
}

const signatureOf = (body: Buffer, key: KeyObject): Buffer => sign("sha256", body, key);
