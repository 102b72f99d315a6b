import {
  AMD_BIOS_ATTRIBUTES,
  type BiosSpec,
  isBiosAttributeName,
  isBiosValue,
  KNOWN_BIOS_ATTRIBUTES,
  LIMITS_OF_BIOS,
} from "@switchyard/model";
import { NicVirtualization, type BiosSpec as ProtoBiosSpec } from "@switchyard/proto";
import type { Violations } from "./violations.ts";

const { attributesMax, nameLengthMax, valueLengthMax } = LIMITS_OF_BIOS;

const NAME_WORDS = `must be 1 to ${nameLengthMax} letters, digits and _, with a letter first`;
const VALUE_WORDS = `value must be 1 to ${valueLengthMax} printable characters without blanks at its ends`;
const AMD_WORDS =
  "exists on AMD machines only; on Intel ProcVirtualization stands for VT-x and VT-d";

/** What is wrong with one setting; undefined when nothing is. */
function problemOf(name: string, value: string): string | undefined {
  if (!isBiosAttributeName(name)) return NAME_WORDS;
  if (AMD_BIOS_ATTRIBUTES.includes(name)) return AMD_WORDS;
  if (!isBiosValue(value)) return VALUE_WORDS;
  const known = Object.hasOwn(KNOWN_BIOS_ATTRIBUTES, name)
    ? KNOWN_BIOS_ATTRIBUTES[name]
    : undefined;
  if (known === undefined || known.includes(value)) return undefined;
  return `value must be one of ${known.join(", ")}`;
}

/** The section as the model has it; violations say what is wrong with each setting. */
export function readBios(
  { attributes, nicVirtualization }: ProtoBiosSpec,
  violations: Violations,
): BiosSpec {
  const entries = Object.entries(attributes);
  const hasSriov = nicVirtualization === NicVirtualization.SRIOV;
  violations.check(
    hasSriov || nicVirtualization === NicVirtualization.UNSPECIFIED,
    "nic_virtualization",
    "must be SRIOV, or left out",
  );
  violations.check(
    hasSriov || entries.length > 0,
    "attributes",
    "is empty; leave out bios, or name settings",
  );
  violations.check(
    entries.length <= attributesMax,
    "attributes",
    `has more than ${attributesMax} entries`,
  );
  for (const [name, value] of entries.slice(0, attributesMax)) {
    const problem = problemOf(name, value);
    if (problem !== undefined)
      violations.add(`attributes[${name.slice(0, nameLengthMax)}]`, problem);
  }
  return {
    attributes: { ...attributes },
    ...(hasSriov && { nicVirtualization: "sriov" }),
  };
}
