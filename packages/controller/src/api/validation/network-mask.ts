import type { NetworkSpec } from "@switchyard/proto";
import type { Violations } from "./violations.ts";

/** Paths of an update mask, and the member of the spec that each means. */
const PATHS = {
  "spec.bridge": "bridge",
  "spec.subnet": "subnet",
  "spec.ip_pool": "ipPool",
  "spec.mac_pool": "macPool",
  "spec.vlan": "vlan",
  "spec.mtu_bytes": "mtuBytes",
  "spec.anti_spoof": "antiSpoof",
  "spec.send_limit": "sendLimit",
  "spec.receive_limit": "receiveLimit",
  "spec.reservations": "reservations",
} as const satisfies Record<string, keyof NetworkSpec>;

const isPath = (path: string): path is keyof typeof PATHS => Object.hasOwn(PATHS, path);

export function checkNetworkMask(mask: readonly string[], violations: Violations): void {
  const known = `of ${Object.keys(PATHS).join(", ")}`;
  for (const path of mask) {
    const isKnown = isPath(path) || path === "spec" || path === "*";
    violations.check(isKnown, "update_mask", `"${path}" can't be updated; must be one ${known}`);
  }
}

/** The present spec with the members that the mask names taken from the wish; an empty mask names all. */
export function applyNetworkMask(
  mask: readonly string[],
  specs: { readonly present: NetworkSpec; readonly wish: NetworkSpec },
): NetworkSpec {
  const named = mask.filter(isPath);
  if (named.length === 0 || named.length < mask.length) return specs.wish;
  const taken = named.map((path) => [PATHS[path], specs.wish[PATHS[path]]]);
  return { ...specs.present, ...Object.fromEntries(taken) };
}
