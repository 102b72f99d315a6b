import { findPf, type Inventory, type LinkRef, type PciAddress } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";

/**
 * Marks the steps that may cut the host's management path, each with the reason why. Ports that are seen to
 * carry it are refused before; the marks are for what nobody saw: an address that takes over a route, a path
 * that the inventory does not know, a driver that resets its port. A step that can't be taken back is not
 * marked, because the mark promises that.
 */
export const withGuards = (observed: Inventory, drafts: readonly Draft[]): readonly Draft[] =>
  drafts.map((draft) => {
    const guard = draft.isReversible ? guardOf(observed, draft) : undefined;
    return guard === undefined ? draft : { ...draft, guard };
  });

/** @returns why the step may cut the management path; undefined: it can't, or can't be taken back */
function guardOf(observed: Inventory, draft: Draft): string | undefined {
  switch (draft.kind) {
    case "ensureBridgePort":
    case "ensureNoBridgePort":
      return linkGuard(observed, draft.arguments.link, "a bridge has what comes in on");
    case "ensureLinkState":
      return linkGuard(observed, draft.arguments.link, "routes come and go with");
    case "ensureBond":
      return `addresses and routes of ${draft.arguments.ports.join(" and ")} do not pass on to the bond`;
    case "ensureNoBond":
      return `addresses and routes of ${draft.arguments.bond} go with it`;
    case "ensureBridgeAddress":
      return `${draft.arguments.address} comes with a route that may be a better match than the one to the controller`;
    case "ensureEswitchMode":
      return `the driver makes the netdev of ${portName(observed, draft.arguments.pf)} anew`;
    case "ensureVfCount":
      return `some drivers reset ${portName(observed, draft.arguments.pf)} with its VFs`;
    case "ensureHwOffload":
      return "all bridges of Open vSwitch stand still until it runs again";
    default:
      return undefined;
  }
}

/** A representor leads to a VM only, and a VF's netdev to nobody. */
const linkGuard = (observed: Inventory, link: LinkRef, why: string): string | undefined => {
  switch (link.kind) {
    case "representor":
    case "vf":
      return undefined;
    case "pf":
      return `${why} ${portName(observed, link.pf)}`;
    case "netdev":
      return `${why} ${link.netdev}`;
  }
};

const portName = (observed: Inventory, pf: PciAddress): string =>
  findPf(observed, pf)?.pf.link.netdev ?? pf;
