import { InvalidInputError } from "../errors/switchyard-error.ts";

/** PCI address with domain, lower case: `DDDD:BB:DD.F`, e.g. `0000:82:00.0`. */
export type PciAddress = string & { readonly __pciAddress: true };

const GRAMMAR = /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

export const isPciAddress = (text: string): text is PciAddress => GRAMMAR.test(text);

/** @throws InvalidInputError PCI_ADDRESS_MALFORMED */
export function parsePciAddress(text: string): PciAddress {
  const lower = text.toLowerCase();
  if (isPciAddress(lower)) return lower;
  throw new InvalidInputError("PCI_ADDRESS_MALFORMED", `"${text}" is no PCI address`, {
    found: text,
    needs: "DDDD:BB:DD.F, such as 0000:82:00.0",
  });
}

/**
 * Address of VF `index`, from the PF's address and its SR-IOV offset and stride.
 *
 * @see torvalds/linux drivers/pci/iov.c, pci_iov_virtfn_bus and pci_iov_virtfn_devfn
 */
export function vfPciAddress(
  pf: PciAddress,
  routing: { readonly offset: number; readonly stride: number; readonly index: number },
): PciAddress {
  const [domain, bus, devfn] = pf.split(":") as [string, string, string];
  const [device, fn] = devfn.split(".") as [string, string];
  const routingId = (parseInt(bus, 16) << 8) | (parseInt(device, 16) << 3) | parseInt(fn, 16);
  const vf = routingId + routing.offset + routing.stride * routing.index;
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return `${domain}:${hex(vf >> 8)}:${hex((vf >> 3) & 0x1f)}.${vf & 7}` as PciAddress;
}
