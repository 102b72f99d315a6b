import { Fleet, type FleetFreeze, FreezeCause, systemTiming } from "@switchyard/client";
import type { View } from "../output/print.ts";
import type { Style } from "../output/style.ts";
import { type Column, formatFields } from "../output/table.ts";
import { formatAge, shortName } from "../output/values.ts";

/** Names shown on one line. */
const HOSTS_SHOWN_MAX = 10;

const sinceText = ({ freezeTime }: FleetFreeze): string =>
  `since ${formatAge(freezeTime, systemTiming.nowMs())}`;

/** What whoever looks at hosts or rollouts must know first. */
export const freezeLine = (freeze: FleetFreeze, style: Style): string =>
  `${style.state("bad", freeze.message)} ${sinceText(freeze)}; see swy fleet get`;

function lostText({ lostHosts, lostHostCount }: FleetFreeze): string {
  const shown = lostHosts.slice(0, HOSTS_SHOWN_MAX).map(shortName).join(", ");
  const more = lostHostCount - Math.min(lostHosts.length, HOSTS_SHOWN_MAX);
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function liftText({ cause, liftAtCount }: FleetFreeze): string {
  if (cause === FreezeCause.BUS_AWAY) return "by itself, once the controller reaches NATS again";
  if (cause === FreezeCause.RESTORED) {
    return "by swy fleet unfreeze --reason …, once all hosts have reported and no VM is astray";
  }
  return `by itself, once no more than ${liftAtCount} are lost; or: swy fleet unfreeze --reason …`;
}

const HELD = "rollouts, moves, evacuations and the mending of drift begin nothing";

const heldText = ({ cause }: FleetFreeze): string =>
  cause === FreezeCause.RESTORED ? `${HELD}, and no VM starts` : HELD;

const unreportedText = ({ unreportedHosts }: FleetFreeze): string =>
  unreportedHosts.map(shortName).join(", ");

const strayText = ({ strayVms }: FleetFreeze): string =>
  strayVms
    .map(({ vm, host, recordedHost }) => {
      const record = recordedHost === "" ? "none" : shortName(recordedHost);
      return `${shortName(vm)} runs on ${shortName(host)}, on record: ${record}`;
    })
    .join("; ");

const hostsText = ({ hostCounts }: Fleet): string => {
  const { ready = 0, suspect = 0, lost = 0, enrolled = 0 } = hostCounts ?? {};
  const words = { ready, suspect, lost, "not heard of yet": enrolled };
  return Object.entries(words)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");
};

const stateText = ({ freeze }: Fleet, style: Style): string =>
  freeze === undefined
    ? style.state("good", "not frozen")
    : `${style.state("bad", freeze.message)} ${sinceText(freeze)}`;

const columns: readonly Column<Fleet>[] = [
  { header: "FLEET", cell: ({ name }) => name },
  { header: "HOSTS", cell: hostsText },
  { header: "STATE", cell: stateText },
];

const describe = (fleet: Fleet, style: Style): string => {
  const { freeze } = fleet;
  return `${style.bold(fleet.name)}\n${formatFields([
    ["hosts", hostsText(fleet) || "none"],
    ["state", stateText(fleet, style)],
    ["held", freeze && heldText(freeze)],
    ["lifted", freeze && liftText(freeze)],
    ["lost", freeze && lostText(freeze)],
    ["unreported", freeze && unreportedText(freeze)],
    ["astray", freeze && strayText(freeze)],
  ])}`;
};

export const fleetView: View<Fleet> = {
  plural: "fleets",
  toJson: Fleet.toJSON,
  nameOf: ({ name }) => name,
  columns,
  describe,
};
