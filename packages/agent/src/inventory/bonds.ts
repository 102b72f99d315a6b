import type { LinkDetail } from "@switchyard/host";
import { type Bond, OWN_BOND_ALIAS } from "@switchyard/model";

/** The bonds among the host's netdevs, with their ports. */
export const bondsOf = (links: readonly LinkDetail[]): readonly Bond[] =>
  links.flatMap(({ netdev, bondMode, alias, isUp, hasCarrier }) =>
    bondMode === undefined
      ? []
      : [
          {
            name: netdev,
            mode: bondMode,
            isOurs: alias === OWN_BOND_ALIAS,
            isUp,
            hasCarrier,
            ports: links
              .filter(({ master }) => master === netdev)
              .map((port) => port.netdev)
              .sort(),
          },
        ],
  );
