import { InvalidInputError } from "../errors/switchyard-error.ts";

/** Parameter-set id of a board, e.g. `DEL0000000027`: firmware is made for one PSID. */
export type Psid = string & { readonly __psid: true };

/** @throws InvalidInputError PSID_MALFORMED */
export function parsePsid(text: string): Psid {
  if (/^[A-Z][A-Z_0-9]{2}[0-9A-F]{10}$/.test(text)) return text as Psid;
  throw new InvalidInputError("PSID_MALFORMED", `"${text}" is no PSID`, {
    found: text,
    needs: "three letters and ten digits, such as DEL0000000027",
  });
}
