import type { Argv } from "@switchyard/model";

/** With `-d`, so that switch id, port name and VFs are shown. @see ip-link(8) */
export const ipLinkShow = (): Argv => ["ip", "-j", "-d", "link", "show"];
/** @see ip-address(8) */
export const ipAddressShow = (): Argv => ["ip", "-j", "addr", "show"];
/** @see ip-neighbour(8) */
export const ipNeighbours = (): Argv => ["ip", "-j", "-4", "neigh", "show"];
/** @see ip-route(8) */
export const ipDefaultRoutes = (family: "-4" | "-6"): Argv => [
  "ip",
  "-j",
  family,
  "route",
  "show",
  "default",
];
/** @see ip-route(8) */
export const ipRouteGet = (address: string): Argv => ["ip", "-j", "route", "get", address];
/** With `-s`, so that each VF's counters are shown. @see ip-link(8) */
export const ipLinkStatistics = (netdev: string): Argv => [
  "ip",
  ...["-j", "-s", "link", "show", "dev", netdev],
];
