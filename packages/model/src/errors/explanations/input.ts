import type { INPUT_REASONS } from "../reasons/input.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const INPUT_EXPLANATIONS: ExplanationsOf<typeof INPUT_REASONS> = {
  FIELD_INVALID: because(["a value in the request breaks the rules of its field"]),
  NAME_MALFORMED: because(["a name has capitals, underscores or another collection's prefix"]),
  ID_MALFORMED: because(["an id was cut off or typed by hand"]),
  PCI_ADDRESS_MALFORMED: because(["the domain is missing: 82:00.0 instead of 0000:82:00.0"]),
  MAC_ADDRESS_MALFORMED: because(["a multicast address, or not six octets"]),
  PSID_MALFORMED: because(["another identifier of the card was taken for the PSID"]),
  IP_ADDRESS_MALFORMED: because(["the prefix length is missing, or the address is IPv6"]),
  FIRMWARE_VERSION_MALFORMED: because(["a package's version was taken for the firmware's"]),
  ARTEFACT_MALFORMED: because([
    "the checksum is not 64 hex digits, or the source is neither a path nor a URL",
  ]),
  SNAPSHOT_MALFORMED: because([
    "the file was cut off or changed by hand",
    "a newer release wrote it, with areas that this one does not know",
  ]),
  PAGE_TOKEN_INVALID: because(["the token is of another list, filter or cluster"]),
  RESUME_TOKEN_INVALID: because(["the token is of another watch, filter or cluster"]),
  RESUME_TOKEN_TOO_OLD: because(["the watch was away longer than changes are kept"]),
  REQUEST_ID_REUSED: because(["a script sends one id with different requests"]),
};
