import type { CheckEntry } from "../check-entry.ts";

/** Eswitch, VFs, representors and vDPA devices. */
/** What a card itself tells when it is asked. */
export const CARD_CHECKS = {
  "CARD-FIRMWARE": {
    group: "firmware",
    title: "the card's firmware tells of no fault of its own",
    causes: [
      "the firmware or the hardware failed: its words say which",
      "the card is too hot",
      "the PCIe link lost data",
    ],
    fix: "Move the VMs away and reboot the host; where it comes back, switch the power off and on, then update the firmware or replace the card.",
  },
  "CARD-HEALTH": {
    group: "driver",
    title: "the driver recovered from every error that it saw in the card",
    causes: [
      "it recovers by itself only so often, then gives up",
      "recovery is switched off",
      "the error comes back at once",
    ],
    fix: "devlink health recover pci/PF reporter NAME; before that, devlink health dump show keeps what was seen.",
  },
  "CARD-QUEUES": {
    group: "driver",
    title: "no queue of the card is in error or stands still",
    causes: [
      "a guest's driver or a program gave the card a wrong address or command",
      "the host could not take completions in time, and a queue for them ran over",
      "the switch at the other end pauses the port without end",
    ],
    fix: "Of a VF: restart its VM, which makes its queues anew. Of a PF: devlink health recover pci/PF/PORT reporter tx (or rx); devlink health show names PORT.",
  },
} as const satisfies Record<string, CheckEntry>;
