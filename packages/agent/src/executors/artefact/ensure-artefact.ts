import {
  copyArtefact,
  downloadArtefact,
  placeArtefact,
  readFileSize,
  readSha256,
  tooLarge,
} from "@switchyard/host";
import {
  ARTEFACT_FOLDER,
  type Artefact,
  artefactPath,
  HostError,
  isRemote,
  LIMITS_OF_ARTEFACTS,
  partialPath,
  type Sha256,
} from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

/** Tries of one download, each going on where the one before stopped. */
const DOWNLOADS_MAX = 8;
/** Grows with each try, so that a server that starts anew is given time. */
const DOWNLOAD_PAUSE_MS = 2_000;

interface State {
  /** Sum of the file in the store; undefined while there is none. */
  readonly stored: Sha256 | undefined;
}

/** @throws HostError ARTEFACT_STORE_FULL */
async function refuseFullStore({ host }: StepContext, sha256: Sha256): Promise<void> {
  const names = (await host.listFolder(ARTEFACT_FOLDER)).filter((name) => !name.endsWith(".part"));
  if (names.length < LIMITS_OF_ARTEFACTS.storedMax || names.includes(sha256)) return;
  throw new HostError("ARTEFACT_STORE_FULL", `the artefact store ${ARTEFACT_FOLDER} is full`, {
    found: `${names.length} files`,
    needs: `fewer than ${LIMITS_OF_ARTEFACTS.storedMax}`,
  });
}

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

/** Brings the file beside its place. What an earlier try left there may be all of it already. */
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
 * A file under its right sum harms nobody and spares the next try its way, so that there is no undo. Its
 * content is compared each time, because an operator may have put it there.
 */
export const ensureArtefact = ensure<"ensureArtefact", State>({
  read: async ({ host }, { artefact }) => ({
    stored: await readSha256(host, artefactPath(artefact.sha256)),
  }),
  isSatisfied: ({ stored }, { artefact }) => stored === artefact.sha256,
  apply: async (context, { artefact }) => {
    const path = partialPath(artefact.sha256);
    const place = artefactPath(artefact.sha256);
    await context.host.makeFolder(ARTEFACT_FOLDER);
    await refuseFullStore(context, artefact.sha256);
    await bring(context, artefact, path);
    await refuseOtherContent(context, artefact, path);
    await placeArtefact(context.host, path, place);
  },
  undo: undefined,
  failure: "ARTEFACT_CHECKSUM_WRONG",
  isHarmless: true,
  isLasting: true,
});
