import type { Finding, Inventory } from "@switchyard/model";
import { errorFinding } from "../../findings/finding.ts";
import { ensureNoBond } from "../../steps/bond-steps.ts";
import type { Draft } from "../../steps/draft.ts";
import { ensureHwOffload, ensureNoBridge } from "../../steps/ovs-steps.ts";
import { ownBonds, unplugBonds } from "./bonds.ts";
import { occupiedBridgeFindings } from "./occupied-bridges.ts";
import { type PfView, viewPfs } from "./pf-view.ts";
import { linksOf, ownBridges, unplugFromOwnBridges, unplugStalePorts } from "./ports.ts";
import { isOurs, retirePf } from "./retire-pf.ts";
import { withOvsRunning } from "./start-ovs.ts";

export const ownPfs = (observed: Inventory): readonly PfView[] =>
  viewPfs(observed).filter((view) => isOurs(observed, view));

/**
 * The steps that take away everything of ours. hw-offload goes before the PFs do, because the PFs' mode is
 * the last mark by which a teardown that was interrupted knows what is left to do.
 */
export const tearDown = (observed: Inventory): readonly Draft[] =>
  withOvsRunning(observed, tearDownRunning);

function tearDownRunning(observed: Inventory): readonly Draft[] {
  const pfs = ownPfs(observed);
  const bridges = ownBridges(observed);
  return [
    ...unplugStalePorts(observed),
    ...unplugFromOwnBridges(observed, pfs.flatMap(linksOf)),
    ...unplugBonds(observed, ownBonds(observed)),
    ...bridges.map(({ name }) => ensureNoBridge(name)),
    ...(hasOwnHwOffload(observed) ? [ensureHwOffload(false)] : []),
    ...pfs.flatMap(retirePf),
    ...ownBonds(observed).map(({ name }) => ensureNoBond(name)),
  ];
}

/**
 * OVS does not say who turned hw-offload on. It is taken for ours while a bridge or PF of ours uses it,
 * unless others have bridges here.
 */
export function hasOwnHwOffload(observed: Inventory): boolean {
  const { ovs } = observed;
  if (ovs === undefined || !ovs.isRunning) return false;
  const isUsedByOthers = ovs.bridges.some((bridge) => !bridge.isOurs);
  const hasOurs =
    ownBridges(observed).length > 0 ||
    ownPfs(observed).some(({ pf }) => pf.eswitchMode === "switchdev");
  return ovs.hwOffload && hasOurs && !isUsedByOthers;
}

export const tearDownFindings = (host: string, observed: Inventory): readonly Finding[] => [
  ...stoppedOvsFindings(host, observed),
  ...managementFindings(host, observed),
  ...occupiedBridgeFindings(host, observed, ownBridges(observed)),
];

/** Without OVS its bridges can't be seen, and ports left behind would keep the eswitch busy. */
function stoppedOvsFindings(host: string, observed: Inventory): readonly Finding[] {
  if (observed.ovs?.isRunning !== false || ownPfs(observed).length === 0) return [];
  return [
    errorFinding("OVS_NOT_RUNNING", {
      message: `${host} can't be torn down while Open vSwitch is stopped`,
      found: "Open vSwitch does not answer",
      needs: "a running Open vSwitch, so that its bridges are seen",
    }),
  ];
}

function managementFindings(host: string, observed: Inventory): readonly Finding[] {
  return ownPfs(observed)
    .filter(({ pf }) => pf.carriesManagement)
    .map(({ pf }) =>
      errorFinding("MANAGEMENT_PATH_AT_RISK", {
        message: `${host} would lose its management path`,
        found: `${pf.link.netdev} (${pf.pciAddress}) carries the management path`,
        needs: "another management path before the teardown",
      }),
    );
}
