import type { ExaminedCard, HostCheckId } from "@switchyard/model";
import { type BadHost, card } from "../changes.ts";

const OVERRUN: Partial<ExaminedCard> = {
  failedQueues: [{ direction: "transmit", fault: "completion", count: 1 }],
  errorQueues: [{ vf: 0, count: 2 }],
};

export const BAD_CARD = {
  "CARD-FIRMWARE": [
    "fail",
    card({ firmware: { syndrome: 8, description: "unrecoverable hardware error" } }),
  ],
  "CARD-HEALTH": ["warn", card({ unhealthy: [{ reporter: "tx", errorCount: 3 }] })],
  "CARD-QUEUES": ["fail", card(OVERRUN)],
} as const satisfies Partial<Record<HostCheckId, BadHost>>;
