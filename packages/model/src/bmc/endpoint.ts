import { InvalidInputError } from "../errors/switchyard-error.ts";

/** `https://HOST` or `https://HOST:PORT`, nothing after it. */
export type BmcAddress = string & { readonly __bmcAddress: true };

/** How the BMC proves to be the right one. */
export type BmcTrust =
  /** Its public key has this SHA-256; certificates are self-signed as BMCs are delivered. */
  | { readonly kind: "public-key"; readonly pin: string }
  /** Its certificate was issued, for its name, by an authority of this file on the host. */
  | { readonly kind: "ca-file"; readonly path: string }
  /** It does not: whoever answers gets the password. For development. */
  | { readonly kind: "unverified" };

/** Where a BMC is and how it is told from others. Holds no secret. */
export interface BmcEndpoint {
  readonly address: BmcAddress;
  readonly trust: BmcTrust;
}

/** @throws InvalidInputError BMC_SETTINGS_INVALID */
export function parseBmcAddress(text: string): BmcAddress {
  if (/^https:\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/.test(text)) {
    return text as BmcAddress;
  }
  throw new InvalidInputError("BMC_SETTINGS_INVALID", `"${text}" is no address of a BMC`, {
    found: text,
    needs: "https://HOST or https://HOST:PORT",
  });
}

/** `sha256//` and 32 bytes in base64, as curl takes it. @see curl(1), --pinnedpubkey */
export const isPublicKeyPin = (text: string): boolean =>
  /^sha256\/\/[A-Za-z0-9+/]{43}=$/.test(text);
