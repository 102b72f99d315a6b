import { InvalidInputError } from "../errors/switchyard-error.ts";

/** Dotted quad, e.g. `192.168.101.20`. */
export type Ipv4Address = string & { readonly __ipv4: true };
/** Address with prefix length, e.g. `192.168.101.2/24`; the host bits are kept. */
export type Ipv4Cidr = string & { readonly __ipv4Cidr: true };

const QUAD = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function malformed(text: string, needs: string): InvalidInputError {
  return new InvalidInputError("IP_ADDRESS_MALFORMED", `"${text}" is no ${needs}`, {
    found: text,
    needs,
  });
}

/** @throws InvalidInputError IP_ADDRESS_MALFORMED */
export function parseIpv4Address(text: string): Ipv4Address {
  const octets = QUAD.exec(text)?.slice(1).map(Number) ?? [];
  if (octets.length === 4 && octets.every((octet) => octet <= 255)) {
    return octets.join(".") as Ipv4Address;
  }
  throw malformed(text, "IPv4 address");
}

/** @throws InvalidInputError IP_ADDRESS_MALFORMED */
export function parseIpv4Cidr(text: string): Ipv4Cidr {
  const [address, prefix, ...rest] = text.split("/");
  const length = prefix !== undefined && /^\d{1,2}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (address === undefined || rest.length > 0 || !(length >= 0 && length <= 32)) {
    throw malformed(text, "IPv4 address with prefix length");
  }
  return `${parseIpv4Address(address)}/${length}` as Ipv4Cidr;
}

/** The address as an unsigned 32-bit integer. */
export function ipv4ToNumber(address: Ipv4Address): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** @param value 0 ≤ value < 2^32 */
export function ipv4FromNumber(value: number): Ipv4Address {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".") as Ipv4Address;
}

export const cidrAddress = (cidr: Ipv4Cidr): Ipv4Address => cidr.split("/")[0] as Ipv4Address;
export const cidrPrefixLength = (cidr: Ipv4Cidr): number => Number(cidr.split("/")[1]);
export const withPrefix = (address: Ipv4Address, prefixLength: number): Ipv4Cidr =>
  `${address}/${prefixLength}` as Ipv4Cidr;

/** First address of the subnet, as an unsigned integer. */
export function networkNumber(cidr: Ipv4Cidr): number {
  const size = 2 ** (32 - cidrPrefixLength(cidr));
  return Math.floor(ipv4ToNumber(cidrAddress(cidr)) / size) * size;
}

/** Whether the address lies in the subnet of `cidr`. */
export function subnetContains(cidr: Ipv4Cidr, address: Ipv4Address): boolean {
  const first = networkNumber(cidr);
  const value = ipv4ToNumber(address);
  return value >= first && value < first + 2 ** (32 - cidrPrefixLength(cidr));
}
