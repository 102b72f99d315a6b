import { type Fleet, type FleetFreeze, type FreezeCause, freezeText } from "@switchyard/model";
import {
  type Fleet as ProtoFleet,
  type FleetFreeze as ProtoFreeze,
  FreezeCause as ProtoFreezeCause,
} from "@switchyard/proto";
import { hostName } from "../validation/names.ts";

const CAUSE = {
  "hosts-lost": ProtoFreezeCause.HOSTS_LOST,
  "bus-away": ProtoFreezeCause.BUS_AWAY,
} as const satisfies Readonly<Record<FreezeCause, ProtoFreezeCause>>;

const toProtoFreeze = (freeze: FleetFreeze, { lostHosts }: Fleet): ProtoFreeze => ({
  cause: CAUSE[freeze.cause],
  freezeTime: new Date(freeze.sinceMs),
  lostHostCount: freeze.lostCount,
  hostCount: freeze.hostCount,
  liftAtCount: freeze.liftAtCount,
  lostHosts: lostHosts.map((host) => hostName.format(host)),
  message: freezeText(freeze),
});

/** @param freeze what holds the controller that was asked; of the fleet, or its own */
export const toProtoFleet = (fleet: Fleet, freeze: FleetFreeze | undefined): ProtoFleet => ({
  name: "fleet",
  hostCounts: { ...fleet.counts },
  freeze: freeze && toProtoFreeze(freeze, fleet),
});
