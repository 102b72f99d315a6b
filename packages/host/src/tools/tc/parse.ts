import { arrayOf, recordOf, textOf } from "../json.ts";

/** Rules on a netdev's ingress. */
export interface IngressRules {
  readonly count: number;
  /** Those that the card did not take. */
  readonly notInHardwareCount: number;
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
  const rules = arrayOf(filters)
    .map((filter) => recordOf(filter)["options"])
    .filter((options) => options !== undefined)
    .map(recordOf);
  const inSoftware = rules.filter((rule) => rule["not_in_hw"] === true);
  return { count: rules.length, notInHardwareCount: inSoftware.length };
}
