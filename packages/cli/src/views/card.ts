import type { Host, Nic } from "@switchyard/client";
import type { View } from "../output/print.ts";
import { type Column, formatFields } from "../output/table.ts";
import { shortName } from "../output/values.ts";

/** A parameter whose next value is not in force yet, of one port. */
interface PendingParameter {
  readonly pciAddress: string;
  readonly name: string;
  readonly current: string;
  readonly nextBoot: string;
}

/** One card of one host. */
export interface Card {
  readonly host: string;
  readonly nic: Nic;
  readonly pending: readonly PendingParameter[];
}

const pendingOf = (nic: Nic): readonly PendingParameter[] =>
  (nic.firmwareConfig?.pfs ?? []).flatMap(({ pciAddress, parameters }) =>
    parameters
      .filter(({ currentValue, nextBootValue }) => currentValue !== nextBootValue)
      .filter(({ currentValue }) => currentValue !== "")
      .map(({ name, currentValue: current, nextBootValue: nextBoot }) => ({
        pciAddress,
        name,
        current,
        nextBoot,
      })),
  );

/** The cards of a host; none before its agent has looked. */
export const cardsOf = (host: Host): readonly Card[] =>
  (host.inventory?.nics ?? []).map((nic) => ({ host: host.name, nic, pending: pendingOf(nic) }));

const addressOf = ({ nic }: Card): string => nic.pfs[0]?.pciAddress ?? "";

/** What a boot would bring, and which kind of boot. */
function dueOf({ nic, pending }: Card): string {
  const isPending = nic.storedFirmware !== nic.runningFirmware;
  const boot = nic.firmwareConfig?.needsColdCycle === true ? "cold cycle" : "boot";
  const what = [
    ...(isPending ? [nic.storedFirmware] : []),
    ...new Set(pending.map(({ name }) => name)),
  ];
  return what.length === 0 ? "" : `${what.join(", ")} at the next ${boot}`;
}

const securedWord = ({ nic }: Card): string => {
  const isSecure = nic.firmwareConfig?.isSecure;
  return isSecure === undefined ? "" : isSecure ? "yes" : "no";
};

const columns: readonly Column<Card>[] = [
  { header: "HOST", cell: ({ host }) => shortName(host) },
  { header: "CARD", cell: addressOf },
  { header: "MODEL", cell: ({ nic }) => nic.model },
  { header: "PSID", cell: ({ nic }) => nic.psid },
  { header: "RUNNING", cell: ({ nic }) => nic.runningFirmware },
  { header: "STORED", cell: ({ nic }) => nic.storedFirmware },
  { header: "DUE", cell: dueOf },
  { header: "SECURED", cell: securedWord },
  { header: "TOOLS", cell: ({ nic }) => nic.firmwareConfig?.tools ?? "" },
];

export const cardView: View<Card> = {
  plural: "cards",
  nameOf: (card) => `${shortName(card.host)}/${addressOf(card)}`,
  toJson: (card) => ({
    host: card.host,
    pciAddress: addressOf(card),
    model: card.nic.model,
    psid: card.nic.psid,
    runningFirmware: card.nic.runningFirmware,
    storedFirmware: card.nic.storedFirmware,
    isSecure: card.nic.firmwareConfig?.isSecure,
    originalPsid: card.nic.firmwareConfig?.originalPsid,
    needsColdCycle: card.nic.firmwareConfig?.needsColdCycle,
    tools: card.nic.firmwareConfig?.tools,
    pending: card.pending,
  }),
  columns,
  describe: (card, style) =>
    formatFields(columns.map(({ header, cell }) => [header.toLowerCase(), cell(card, style)])),
};
