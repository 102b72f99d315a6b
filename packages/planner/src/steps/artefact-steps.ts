import {
  type Artefact,
  artefactPath,
  copyFile,
  curlDownload,
  isRemote,
  moveFile,
  partialPath,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/**
 * Not reversible: the file stays in the store, where it harms nobody. On a host where it is there already,
 * as on one without a network, the step changes nothing.
 *
 * @param what for people: `firmware 22.39.10.02 for DEL0000000027`
 */
export function ensureArtefact(artefact: Artefact, what: string): Draft {
  const { source, sha256, sizeBytesMax } = artefact;
  const partial = partialPath(sha256);
  const bring = isRemote(artefact)
    ? curlDownload({ url: source, path: partial, sizeBytesMax })
    : copyFile(source, partial);
  return draft(
    "ensureArtefact",
    { artefact },
    {
      title: `${isRemote(artefact) ? "Download" : "Copy"} ${what} into the artefact store`,
      commands: [
        run(bring),
        run(["sha256sum", "--", partial]),
        run(moveFile(partial, artefactPath(sha256))),
      ],
      isReversible: false,
    },
  );
}
