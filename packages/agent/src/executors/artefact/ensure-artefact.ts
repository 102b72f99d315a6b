import { placeArtefact, readSha256 } from "@switchyard/host";
import {
  ARTEFACT_FOLDER,
  artefactPath,
  HostError,
  LIMITS_OF_ARTEFACTS,
  partialPath,
  type Sha256,
} from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";
import { bringFile } from "./bring-file.ts";

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
    await bringFile(context, artefact, path);
    await placeArtefact(context.host, path, place);
  },
  undo: undefined,
  failure: "ARTEFACT_CHECKSUM_WRONG",
  isHarmless: true,
  isLasting: true,
});
