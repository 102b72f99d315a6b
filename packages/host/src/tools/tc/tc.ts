import type { Host } from "../../port/host.ts";
import { runJson } from "../tool.ts";
import { tcFilterShow, tcQdiscShow } from "./commands.ts";
import {
  type IngressFilter,
  type IngressRules,
  parseHasIngress,
  parseIngressFilters,
  parseIngressRules,
} from "./parse.ts";

/** Whether ingress filters can hang on the netdev. @throws CommandError */
export const readHasIngress = async (host: Host, netdev: string): Promise<boolean> =>
  parseHasIngress(await runJson(host, tcQdiscShow(netdev)));

/** Counts the rules on a netdev's ingress; none without a qdisc. @throws CommandError */
export const readIngressRules = async (host: Host, netdev: string): Promise<IngressRules> =>
  parseIngressRules(await runJson(host, tcFilterShow(netdev)));

/** Rules on a netdev's ingress with their counters; none without a qdisc. @throws CommandError */
export const listIngressFilters = async (
  host: Host,
  netdev: string,
): Promise<readonly IngressFilter[]> =>
  parseIngressFilters(await runJson(host, tcFilterShow(netdev)));
