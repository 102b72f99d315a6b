import type { CHECKS_OF_HOST, ExaminedCard, QueueFault } from "@switchyard/model";
import { fail, failOn, type HostCheck, skip, warnOn, withLook } from "../verdict.ts";

const pfName = ({ pf }: ExaminedCard): string => `PF ${pf}`;
const names = (cards: readonly ExaminedCard[]): string => cards.map(pfName).join(", ");

const firmware = withLook("cards", (cards) => {
  const told = cards.flatMap((card) => (card.firmware ? [{ card, ...card.firmware }] : []));
  if (told.length === 0) return skip("no card has a reporter of its firmware");
  return failOn(
    told
      .filter(({ syndrome }) => syndrome !== 0)
      .map(
        ({ card, syndrome, description }) =>
          `${pfName(card)}: ${description ?? "a syndrome that the driver has no words for"} (syndrome ${syndrome})`,
      ),
    names(told.map(({ card }) => card)),
  );
});

const reporters = withLook("cards", (cards) => {
  if (cards.length === 0) return skip("there is no card to ask");
  return warnOn(
    cards.flatMap((card) =>
      card.unhealthy.map(
        ({ reporter, errorCount }) =>
          `${pfName(card)}: reporter ${reporter} is in error, after ${errorCount} errors since the driver was loaded`,
      ),
    ),
    names(cards),
  );
});

const WORDS: Readonly<Record<QueueFault, string>> = {
  error: "stopped by an error",
  completion: "without a working completion queue",
  stuck: "full and not moving",
};

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

const ownTrouble = (card: ExaminedCard): readonly string[] => [
  ...card.failedQueues.map(
    ({ direction, fault, count }) =>
      `${pfName(card)}: ${counted(count, `${direction} queue`)} ${WORDS[fault]}`,
  ),
  ...card.errorQueues.flatMap(({ vf, count }) =>
    vf === undefined ? [`${pfName(card)}: ${counted(count, "queue")} in error`] : [],
  ),
];

const vfTrouble = (card: ExaminedCard): readonly string[] =>
  card.errorQueues.flatMap(({ vf, count }) =>
    vf === undefined ? [] : [`VF ${vf} of ${card.pf}: ${counted(count, "queue")} in error`],
  );

/** A guest can bring its own queues into error; those of the host are the host's trouble. */
const queues = withLook("cards", (cards) => {
  const told = cards.filter(
    ({ queueDirections, errorQueues }) => queueDirections.length + errorQueues.length > 0,
  );
  if (told.length === 0) return skip("no card has a reporter of its queues");
  const own = told.flatMap(ownTrouble);
  const ofVfs = told.flatMap(vfTrouble);
  return own.length > 0 ? fail([...own, ...ofVfs]) : warnOn(ofVfs, names(told));
});

/** @see CHECKS_OF_HOST for what each is about */
export const CARD_CHECK_RUNS = {
  "CARD-FIRMWARE": firmware,
  "CARD-HEALTH": reporters,
  "CARD-QUEUES": queues,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
