import { DATAPATH_SYMPTOMS } from "./symptoms/datapath.ts";
import { HOST_SYMPTOMS } from "./symptoms/host.ts";
import type { SymptomEntry } from "./symptoms/symptom.ts";
import { VM_SYMPTOMS } from "./symptoms/vm.ts";

/**
 * The part of the diagnosis catalogue that a text can be matched against, by the catalogue's ids. One text
 * may match several entries.
 */
export const SYMPTOMS = {
  ...HOST_SYMPTOMS,
  ...DATAPATH_SYMPTOMS,
  ...VM_SYMPTOMS,
} as const satisfies Record<string, SymptomEntry>;

export type SymptomId = keyof typeof SYMPTOMS;

export const isSymptomId = (text: string): text is SymptomId => Object.hasOwn(SYMPTOMS, text);
