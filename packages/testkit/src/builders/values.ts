import {
  type FirmwareVersion,
  type Ipv4Cidr,
  type Link,
  type MacAddress,
  macFromNumber,
  type PciAddress,
  parseFirmwareVersion,
  parsePciAddress,
} from "@switchyard/model";

/** A netdev that is up, has carrier and no address, unless told otherwise. */
export function buildLink(netdev: string, overrides: Partial<Link> = {}): Link {
  return {
    netdev,
    mac: "b8:3f:d2:00:00:01",
    isUp: true,
    hasCarrier: true,
    mtu: 1500,
    addresses: [],
    ...overrides,
  };
}

const FIRST_SLOT_MAC = 0x5254_00cb_0000;

/** The MAC builders give to slot `index`: `52:54:00:cb:00:00` and up. */
export const slotMac = (index: number): MacAddress => macFromNumber(FIRST_SLOT_MAC + index);

/** Shorthands for literals in tests. */
export const pciAddress = (text: string): PciAddress => parsePciAddress(text);
export const firmware = (text: string): FirmwareVersion => parseFirmwareVersion(text);
export const cidr = (text: string): Ipv4Cidr => text as Ipv4Cidr;
