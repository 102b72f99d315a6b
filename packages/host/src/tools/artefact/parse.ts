import { parseSha256, type Sha256 } from "@switchyard/model";

/**
 * The sum that sha256sum prints before a file's name; a name with special characters puts a backslash in
 * front of the line.
 *
 * @throws InvalidInputError ARTEFACT_MALFORMED
 * @see coreutils src/digest.c
 */
export const parseSha256sum = (text: string): Sha256 =>
  parseSha256(text.replace(/^\\/, "").split(" ", 1)[0] ?? "");

/** What a download's end means for the next try. */
export type DownloadEnd =
  | "complete"
  /** What has come so far is kept; trying again goes on from there. */
  | "interrupted"
  /** The server can't go on from there: what has come is of no use. */
  | "not-resumable"
  | "too-large"
  | "no-space"
  /** Trying again at once gives the same. */
  | "refused";

/** Partial file, timeout or too slow, empty reply, sending or receiving failed, HTTP/2 stream error. */
const INTERRUPTED = new Set([16, 18, 28, 52, 55, 56, 92]);
/** Status codes with which a server says that it may answer differently a moment later. */
const PASSING_STATUS = /returned error: (408|425|429|500|502|503|504)\b/;
const RANGE_STATUS = /returned error: 416\b/;

/** @see curl(1), EXIT CODES */
export function endOfDownload(exitCode: number, stderr: string): DownloadEnd {
  if (exitCode === 0) return "complete";
  if (INTERRUPTED.has(exitCode)) return "interrupted";
  if (exitCode === 23) return "no-space";
  if (exitCode === 33 || exitCode === 36) return "not-resumable";
  if (exitCode === 63) return "too-large";
  if (exitCode !== 22) return "refused";
  if (RANGE_STATUS.test(stderr)) return "not-resumable";
  return PASSING_STATUS.test(stderr) ? "interrupted" : "refused";
}
