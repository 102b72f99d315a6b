import type { ReasonEntry } from "./reason-entry.ts";

/** What callers sent. */
export const INPUT_REASONS = {
  FIELD_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "One or more fields are not valid.",
    fix: "Correct the fields named in the violations.",
  },
  NAME_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A name does not have the grammar of a resource name.",
    fix: "Use lower-case letters, digits and dashes.",
  },
  ID_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An id is not a UUID.",
    fix: "Copy the id from a list.",
  },
  PCI_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A PCI address is not DDDD:BB:DD.F.",
    fix: "Take it from `lspci -D`.",
  },
  MAC_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A MAC address is not six hex octets, or is multicast or zero.",
    fix: "Use a unicast address such as 52:54:00:cb:45:11.",
  },
  PSID_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A PSID does not look like one.",
    fix: "Take it from `devlink dev info`.",
  },
  IP_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An IPv4 address or prefix is not valid.",
    fix: "Write it as 192.168.101.2 or 192.168.101.2/24.",
  },
  FIRMWARE_VERSION_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A firmware version has another form than NN.NN.NNNN.",
    fix: "Take it from `devlink dev info`.",
  },
  ARTEFACT_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An artefact's source or checksum is not valid.",
    fix: "Give an absolute path or an http(s) URL without credentials, and what sha256sum prints.",
  },
  SNAPSHOT_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "The document is no snapshot of a host that this release can read.",
    fix: "swy job snapshot export JOB",
  },
  PAGE_TOKEN_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "The page token is not one this server made for this list.",
    fix: "List again from the first page.",
  },
  RESUME_TOKEN_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "The resume token is not one this server made for this watch.",
    fix: "Watch again without a token.",
  },
  RESUME_TOKEN_TOO_OLD: {
    code: "OUT_OF_RANGE",
    summary: "The changes after this resume token are no longer kept.",
    fix: "List again, then watch from the new token.",
  },
  REQUEST_ID_REUSED: {
    code: "ALREADY_EXISTS",
    summary: "This request id was used before with another body.",
    fix: "Use a new request id for a new request.",
  },
} as const satisfies Record<string, ReasonEntry>;
