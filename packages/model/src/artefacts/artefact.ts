import { InvalidInputError } from "../errors/switchyard-error.ts";

/** SHA-256 of a file's bytes: 64 lower-case hex digits. */
export type Sha256 = string & { readonly __sha256: true };

/** Where an artefact comes from: an absolute path on the host, or an http(s) URL. */
export type ArtefactSource = string & { readonly __artefactSource: true };

/** A file that steps work with, such as a firmware image or a driver's archive, known by its content. */
export interface Artefact {
  readonly source: ArtefactSource;
  readonly sha256: Sha256;
  /** A longer file is refused before it fills the disk. */
  readonly sizeBytesMax: number;
}

const MIB = 1024 ** 2;

export const LIMITS_OF_ARTEFACTS = {
  /** Longest source. */
  sourceLengthMax: 1024,
  /** A Dell update package of a NIC has 5 to 40 MB. */
  firmwareBytesMax: 512 * MIB,
  /** MLNX_OFED's archive has 260 MB, that of DOCA-Host more than 1 GB. */
  driverBytesMax: 4096 * MIB,
  /** Files in a host's store; the operator clears it. */
  storedMax: 32,
} as const;

/** Where hosts keep artefacts, each under its SHA-256. An operator may put files there by hand. */
export const ARTEFACT_FOLDER = "/var/lib/switchyard/artefacts";

/** Credentials of artefact servers in netrc's format, so that none is in a plan or an argument vector. */
export const ARTEFACT_NETRC = "/etc/switchyard/artefacts.netrc";

export const artefactPath = (sha256: Sha256): string => `${ARTEFACT_FOLDER}/${sha256}`;

/** Where a file stays until its sum was found to be right. */
export const partialPath = (sha256: Sha256): string => `${artefactPath(sha256)}.part`;

/** @throws InvalidInputError ARTEFACT_MALFORMED */
export function parseSha256(text: string): Sha256 {
  if (/^[0-9a-f]{64}$/.test(text)) return text as Sha256;
  throw new InvalidInputError("ARTEFACT_MALFORMED", `"${text}" is no SHA-256`, {
    found: text,
    needs: "64 lower-case hex digits, as sha256sum prints",
  });
}

/**
 * Takes an absolute path or an http(s) URL. A URL with a user or password is refused, because it would be
 * shown in plans: they belong into {@link ARTEFACT_NETRC}.
 *
 * @throws InvalidInputError ARTEFACT_MALFORMED
 */
export function parseArtefactSource(text: string): ArtefactSource {
  const isPath = /^\/[\x21-\x7e]+$/.test(text) && !text.split("/").includes("..");
  const isShort = text.length <= LIMITS_OF_ARTEFACTS.sourceLengthMax;
  if (isShort && (isPath || isPlainUrl(text))) return text as ArtefactSource;
  throw new InvalidInputError("ARTEFACT_MALFORMED", "an artefact's source is not valid", {
    found: withoutCredentials(text.slice(0, LIMITS_OF_ARTEFACTS.sourceLengthMax)),
    needs: `an absolute path on the host, or an http(s) URL without credentials, which belong into ${ARTEFACT_NETRC}`,
  });
}

function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}

const withoutCredentials = (text: string): string => text.replace(/\/\/[^/]*@/, "//***@");

/** Whether the artefact is fetched over the network. */
export const isRemote = ({ source }: Pick<Artefact, "source">): boolean => !source.startsWith("/");
