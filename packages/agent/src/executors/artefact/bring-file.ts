import {
  copyArtefact,
  downloadArtefact,
  readFileSize,
  readSha256,
  tooLarge,
} from "@switchyard/host";
import { type Artefact, HostError, isRemote } from "@switchyard/model";
import type { StepContext } from "../executor.ts";

/** Tries of one download, each going on where the one before stopped. */
const DOWNLOADS_MAX = 8;
/** Grows with each try, so that a server that starts anew is given time. */
const DOWNLOAD_PAUSE_MS = 2_000;

/** @throws HostError ARTEFACT_UNAVAILABLE, ARTEFACT_TOO_LARGE, ARTEFACT_STORE_FULL */
async function download(context: StepContext, artefact: Artefact, path: string): Promise<void> {
  const { host, clock, signal, say } = context;
  for (let attempt = 1; attempt <= DOWNLOADS_MAX; attempt += 1) {
    const end = await downloadArtefact(host, artefact, { path, signal });
    if (end === "complete") return;
    if (end === "not-resumable") await host.remove(path);
    if (attempt === DOWNLOADS_MAX) break;
    say(`the download was cut short (${end}); trying again`);
    await clock.sleep(DOWNLOAD_PAUSE_MS * attempt, signal);
    signal.throwIfAborted();
  }
  throw new HostError("ARTEFACT_UNAVAILABLE", `${artefact.source} did not come whole`, {
    found: `${DOWNLOADS_MAX} interrupted downloads`,
    needs: "one that comes to its end",
  });
}

/** Brings the file to a path. What an earlier try left there may be all of it already. */
async function bring(context: StepContext, artefact: Artefact, path: string): Promise<void> {
  if (!isRemote(artefact)) return copyArtefact(context.host, artefact, path);
  if ((await readSha256(context.host, path)) === artefact.sha256) return;
  await download(context, artefact, path);
  const sizeBytes = await readFileSize(context.host, path);
  if (sizeBytes <= artefact.sizeBytesMax) return;
  await context.host.remove(path);
  throw tooLarge(artefact.source, sizeBytes, artefact.sizeBytesMax);
}

/** A file with another content is not kept: going on from it could never come right. */
async function refuseOtherContent({ host }: StepContext, artefact: Artefact, path: string) {
  const sum = await readSha256(host, path);
  if (sum === artefact.sha256) return;
  await host.remove(path);
  throw new HostError("ARTEFACT_CHECKSUM_WRONG", `${artefact.source} has another content`, {
    found: sum ?? "no file",
    needs: artefact.sha256,
  });
}

/**
 * Brings the artefact to a path, copied or downloaded, and compares its sum. May run twice: a download goes
 * on where it stopped.
 *
 * @throws HostError ARTEFACT_UNAVAILABLE, ARTEFACT_TOO_LARGE, ARTEFACT_CHECKSUM_WRONG, ARTEFACT_STORE_FULL
 *   (no space)
 */
export async function bringFile(
  context: StepContext,
  artefact: Artefact,
  path: string,
): Promise<void> {
  await bring(context, artefact, path);
  await refuseOtherContent(context, artefact, path);
}
