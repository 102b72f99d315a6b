export {
  ARTEFACT_FOLDER,
  ARTEFACT_NETRC,
  type Artefact,
  type ArtefactSource,
  artefactPath,
  isRemote,
  LIMITS_OF_ARTEFACTS,
  parseArtefactSource,
  parseSha256,
  partialPath,
  type Sha256,
} from "./artefact.ts";
