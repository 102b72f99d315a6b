import type { Inventory } from "@switchyard/model";

const sortedText = (words: readonly (string | undefined)[]): string =>
  [...new Set(words.filter((word) => word !== undefined && word !== ""))].sort().join(" ");

/**
 * What hosts have in common that behave alike under a change of the datapath: card, PSID, running firmware,
 * kernel. A canary without one of them proves nothing of it.
 */
export function hardwareClass(inventory: Inventory): string {
  const cards = inventory.nics.map((nic) =>
    sortedText([nic.model, nic.psid, nic.firmware?.running]),
  );
  return [...new Set(cards)].sort().concat(`kernel ${inventory.os.kernelRelease}`).join("; ");
}
