import { arrayOf, numberOf, recordOf, textOf } from "../json.ts";

/** Rules on a netdev's ingress. */
export interface IngressRules {
  readonly count: number;
  /** Those that the card did not take. */
  readonly notInHardwareCount: number;
}

/** One rule on a netdev's ingress, with what it has handled since it was made. */
export interface IngressFilter {
  /** Names it on its netdev as long as it lives. */
  readonly id: string;
  readonly isInHardware: boolean;
  readonly hardwarePackets: number;
  readonly softwarePackets: number;
}

/** Kinds of qdisc that ingress filters hang on. */
const INGRESS_KINDS: ReadonlySet<string | undefined> = new Set(["ingress", "clsact"]);

export const parseHasIngress = (qdiscs: unknown): boolean =>
  arrayOf(qdiscs).some((qdisc) => INGRESS_KINDS.has(textOf(recordOf(qdisc)["kind"])));

/**
 * Entries without `options` are headers of the ones that follow. A software-only rule says `not_in_hw`.
 *
 * @see iproute2/iproute2 tc/f_flower.c, flower_print_opt
 */
export function parseIngressRules(filters: unknown): IngressRules {
  const rules = rulesOf(filters).map(({ options }) => options);
  const inSoftware = rules.filter((rule) => rule["not_in_hw"] === true);
  return { count: rules.length, notInHardwareCount: inSoftware.length };
}

/**
 * A rule counts in its last action. Kernels before 5.14 do not tell hardware from software there: all belongs to
 * where the rule is.
 *
 * @see iproute2/iproute2 tc/tc_util.c, print_tcstats2_attr
 */
export function parseIngressFilters(filters: unknown): readonly IngressFilter[] {
  return rulesOf(filters).map(({ filter, options }) => {
    const isInHardware = options["in_hw"] === true;
    const last = recordOf(arrayOf(options["actions"]).at(-1));
    const stats = recordOf(last["stats"]);
    const all = numberOf(stats["packets"]) ?? 0;
    const software = numberOf(stats["sw_packets"]) ?? (isInHardware ? 0 : all);
    return {
      id: [filter["chain"], filter["pref"], filter["protocol"], options["handle"]].join(" "),
      isInHardware,
      hardwarePackets: numberOf(stats["hw_packets"]) ?? Math.max(0, all - software),
      softwarePackets: software,
    };
  });
}

const rulesOf = (filters: unknown) =>
  arrayOf(filters)
    .map(recordOf)
    .filter((filter) => filter["options"] !== undefined)
    .map((filter) => ({ filter, options: recordOf(filter["options"]) }));
