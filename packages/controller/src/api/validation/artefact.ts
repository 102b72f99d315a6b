import { type Artefact, parseArtefactSource, parseSha256 } from "@switchyard/model";
import type { ArtefactSpec } from "@switchyard/proto";
import type { Violations } from "./violations.ts";

/** The artefact as the model has it; undefined when a violation was added. */
export function readArtefact(
  artefact: ArtefactSpec | undefined,
  violations: Violations,
  sizeBytesMax: number,
): Artefact | undefined {
  if (artefact === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  const source = violations.parse("source", artefact.source, parseArtefactSource);
  const sha256 = violations.parse("sha256", artefact.sha256, parseSha256);
  return source && sha256 && { source, sha256, sizeBytesMax };
}
