import {
  type BondMode,
  ipBondAdd,
  ipLinkAlias,
  ipLinkDel,
  ipLinkMaster,
  ipLinkSet,
  OWN_BOND_ALIAS,
  type Pf,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** @param ports PFs that nothing uses: out of OVS, without VFs, in legacy mode */
export const ensureBond = (bond: string, mode: BondMode, ports: readonly Pf[]): Draft =>
  draft(
    "ensureBond",
    { bond, mode, ports: ports.map(({ pciAddress }) => pciAddress) },
    {
      title: `Join ${ports.map(({ link }) => link.netdev).join(" and ")} in ${mode} bond ${bond}`,
      commands: [
        run(ipBondAdd(bond, mode)),
        run(ipLinkAlias(bond, OWN_BOND_ALIAS)),
        ...ports.flatMap(({ link }) => [
          run(ipLinkSet(link.netdev, "down")),
          run(ipLinkMaster(link.netdev, bond)),
        ]),
      ],
      disruption: "datapath",
    },
  );

export const ensureNoBond = (bond: string): Draft =>
  draft(
    "ensureNoBond",
    { bond },
    {
      title: `Delete bond ${bond}`,
      commands: [run(ipLinkDel(bond))],
      disruption: "datapath",
    },
  );
