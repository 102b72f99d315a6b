import {
  type Artefact,
  type ArtefactSource,
  copyFile,
  curlDownload,
  HostError,
  moveFile,
  type Sha256,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { hostError, runChecked } from "../tool.ts";
import { sha256sum, statSize } from "./commands.ts";
import { type DownloadEnd, endOfDownload, parseSha256sum } from "./parse.ts";

/** Summing 4 GiB on a slow disk. */
const SUM_TIMEOUT_MS = 600_000;
const COPY_TIMEOUT_MS = 600_000;
/** Of one try; what has come by then is kept and the next try goes on. */
const DOWNLOAD_TIMEOUT_MS = 3_600_000;

/**
 * SHA-256 of a file's bytes; undefined when there is no such file.
 *
 * @throws CommandError COMMAND_FAILED (it can't be read), COMMAND_TIMED_OUT
 */
export async function readSha256(host: Host, path: string): Promise<Sha256 | undefined> {
  if (!(await host.exists(path))) return undefined;
  const { stdout } = await runChecked(host, {
    argv: sha256sum(path),
    timeoutMs: SUM_TIMEOUT_MS,
  });
  return parseSha256sum(stdout);
}

/** Bytes of a file. @throws CommandError COMMAND_FAILED */
export const readFileSize = async (host: Host, path: string): Promise<number> =>
  Number((await runChecked(host, { argv: statSize(path) })).stdout.trim());

/**
 * Copies a file of the host that is not larger than it may be.
 *
 * @throws HostError ARTEFACT_UNAVAILABLE (no such file), ARTEFACT_TOO_LARGE, ARTEFACT_STORE_FULL (no
 *   space, or the copy failed)
 */
export async function copyArtefact(host: Host, artefact: Artefact, path: string): Promise<void> {
  const { source, sizeBytesMax } = artefact;
  if (!(await host.exists(source))) {
    throw new HostError("ARTEFACT_UNAVAILABLE", `there is no file ${source} on the host`, {
      path: source,
      found: "no such file",
      needs: source,
    });
  }
  const sizeBytes = await readFileSize(host, source);
  if (sizeBytes > sizeBytesMax) throw tooLarge(source, sizeBytes, sizeBytesMax);
  const argv = copyFile(source, path);
  const result = await host.run({ argv, timeoutMs: COPY_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = `${source} could not be copied into the artefact store`;
  throw hostError({ reason: "ARTEFACT_STORE_FULL", message, argv, result });
}

/** @param sizeBytes what was found */
export const tooLarge = (
  source: ArtefactSource,
  sizeBytes: number,
  sizeBytesMax: number,
): HostError =>
  new HostError("ARTEFACT_TOO_LARGE", `${source} is too large`, {
    found: `${sizeBytes} bytes`,
    needs: `at most ${sizeBytesMax} bytes`,
  });

/**
 * Downloads into a file, once, going on from what is in it. Signalled to stop, it keeps what has come.
 *
 * @returns whether the file is whole, or whether another try may go on from here
 * @throws HostError ARTEFACT_UNAVAILABLE (no such file on the server, no connection, no trust),
 *   ARTEFACT_TOO_LARGE, ARTEFACT_STORE_FULL; CommandError COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export async function downloadArtefact(
  host: Host,
  artefact: Artefact,
  options: { readonly path: string; readonly signal: AbortSignal },
): Promise<Extract<DownloadEnd, "complete" | "interrupted" | "not-resumable">> {
  const { source, sizeBytesMax } = artefact;
  const argv = curlDownload({ url: source, path: options.path, sizeBytesMax });
  const result = await host.run({
    argv,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    signal: options.signal,
  });
  const end = endOfDownload(result.exitCode, result.stderr);
  switch (end) {
    case "complete":
    case "interrupted":
    case "not-resumable":
      return end;
    case "too-large":
      throw downloadError(artefact, result, "ARTEFACT_TOO_LARGE");
    case "no-space":
      throw downloadError(artefact, result, "ARTEFACT_STORE_FULL");
    case "refused":
      throw downloadError(artefact, result, "ARTEFACT_UNAVAILABLE");
  }
}

function downloadError(
  { source, sizeBytesMax }: Artefact,
  result: CommandResult,
  reason: "ARTEFACT_UNAVAILABLE" | "ARTEFACT_TOO_LARGE" | "ARTEFACT_STORE_FULL",
): HostError {
  const found = result.stderr.trim().replace(/^curl: /, "");
  return hostError({
    reason,
    message: `${source} could not be downloaded`,
    argv: ["curl", source],
    result,
    metadata: { found, needs: `a file of at most ${sizeBytesMax} bytes at ${source}` },
  });
}

/** Puts a file under its final name, replacing what is there. @throws HostError ARTEFACT_STORE_FULL */
export async function placeArtefact(host: Host, from: string, to: string): Promise<void> {
  const argv = moveFile(from, to);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return;
  const message = `${to} could not be put in its place`;
  throw hostError({ reason: "ARTEFACT_STORE_FULL", message, argv, result });
}
