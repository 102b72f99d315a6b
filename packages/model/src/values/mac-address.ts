import { InvalidInputError } from "../errors/switchyard-error.ts";

/** Unicast MAC address in lower case with colons, never all zeros. */
export type MacAddress = string & { readonly __macAddress: true };

const GRAMMAR = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;
const OCTETS = 6;

/** @throws InvalidInputError MAC_ADDRESS_MALFORMED, also for multicast and all-zero addresses */
export function parseMacAddress(text: string): MacAddress {
  const lower = text.toLowerCase();
  const isUnicast = (parseInt(lower.slice(0, 2), 16) & 1) === 0;
  if (GRAMMAR.test(lower) && isUnicast && macToNumber(lower as MacAddress) > 0) {
    return lower as MacAddress;
  }
  throw new InvalidInputError("MAC_ADDRESS_MALFORMED", `"${text}" is no unicast MAC address`, {
    found: text,
    needs: "six hex octets with colons, unicast, not zero",
  });
}

/** The address as an integer below 2^48, for arithmetic on pools. */
export const macToNumber = (mac: MacAddress): number => parseInt(mac.replaceAll(":", ""), 16);

/** @param value 0 < value < 2^48 */
export function macFromNumber(value: number): MacAddress {
  const hex = value.toString(16).padStart(OCTETS * 2, "0");
  return parseMacAddress((hex.match(/../g) ?? []).join(":"));
}
