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
  restored: ProtoFreezeCause.RESTORED,
} as const satisfies Readonly<Record<FreezeCause, ProtoFreezeCause>>;

const toProtoFreeze = (freeze: FleetFreeze, fleet: Fleet): ProtoFreeze => ({
  cause: CAUSE[freeze.cause],
  freezeTime: new Date(freeze.sinceMs),
  lostHostCount: freeze.lostCount,
  hostCount: freeze.hostCount,
  liftAtCount: freeze.liftAtCount,
  lostHosts: fleet.lostHosts.map((host) => hostName.format(host)),
  message: freezeText(freeze),
  unreportedHosts: fleet.unreportedHosts.map((host) => hostName.format(host)),
  strayVms: fleet.strayVms.map(({ vm, host, recordedHost }) => ({
    // As its host calls it: what is on no record has no grammar to keep.
    vm: `vms/${vm}`,
    host: hostName.format(host),
    recordedHost: recordedHost === undefined ? "" : hostName.format(recordedHost),
  })),
});

/** @param freeze what holds the controller that was asked; of the fleet, or its own */
export const toProtoFleet = (fleet: Fleet, freeze: FleetFreeze | undefined): ProtoFleet => ({
  name: "fleet",
  hostCounts: { ...fleet.counts },
  freeze: freeze && toProtoFreeze(freeze, fleet),
});
