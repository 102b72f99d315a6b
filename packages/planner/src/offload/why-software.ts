import {
  type Examination,
  type ExaminedFlow,
  type Inventory,
  type OffloadCause,
  offloadCauseEntry,
} from "@switchyard/model";
import { type CardPort, cardPorts } from "./card-ports.ts";

/** Why the card does not carry a flow, in a sentence with what was found. */
export interface SoftwareVerdict {
  readonly cause: OffloadCause;
  readonly explanation: string;
  readonly fix: string | undefined;
}

/** Packets of a flow whose rule may not have reached the card yet. */
const NEW_FLOW_PACKETS_MAX = 10;

/** What an action does besides sending; its name stands before a parenthesis. */
const MODIFYING = /^(set|push_\w+|pop_\w+|eth_\w+|meter|trunc|csum|dec_ttl)\b/;

/** Actions at the top level; what stands in parentheses is an action's own. */
function splitActions(actions: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (const character of actions) {
    if (character === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
      continue;
    }
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    part += character;
  }
  return [...parts, part.trim()].filter((each) => each !== "");
}

interface Scene {
  readonly inventory: Inventory;
  readonly examination: Partial<
    Pick<Examination, "netdevs" | "kernelMessages" | "offloadMessages">
  >;
}

/** The verdict on each flow of a look, made with one map of the ports. */
export function createSoftwareJudge(scene: Scene): (flow: ExaminedFlow) => SoftwareVerdict {
  const ports = cardPorts(scene.inventory);
  return (flow) => {
    const { cause, found } = judge(flow, scene, ports);
    const { meaning, fix } = offloadCauseEntry(cause);
    return {
      cause,
      explanation: found === undefined ? meaning : `${meaning}: ${found}`,
      fix: fix?.replaceAll("NETDEV", found ?? flow.inPort),
    };
  };
}

interface Found {
  readonly cause: OffloadCause;
  readonly found?: string | undefined;
}

function judge(flow: ExaminedFlow, scene: Scene, ports: ReadonlyMap<string, CardPort>): Found {
  const { ovs } = scene.inventory;
  if (ovs?.hwOffload === false) return { cause: "offload-off" };
  if (ovs?.isRestartPending === true) return { cause: "restart-pending" };
  return ofActions(flow, scene, ports) ?? ofPorts(flow, scene) ?? ofRule(flow, scene);
}

/** What the flow does decides first: no card does it, whatever is set. */
function ofActions(
  { inPort, actions }: ExaminedFlow,
  { inventory }: Scene,
  ports: ReadonlyMap<string, CardPort>,
): Found | undefined {
  const parts = splitActions(actions);
  if (parts.some((part) => /^(ct|recirc)\(/.test(part))) return { cause: "connection-tracking" };
  const outputs = parts.filter((part) => !MODIFYING.test(part));
  if (outputs.length === 0 || outputs.some((part) => /^(drop|userspace|controller)\b/.test(part))) {
    return { cause: "own-handling" };
  }
  const bridges = new Set((inventory.ovs?.bridges ?? []).map(({ name }) => name));
  const passed = [inPort, ...outputs];
  const internal = passed.find((name) => bridges.has(name));
  if (outputs.length > 1) return { cause: "flood" };
  if (internal !== undefined) return { cause: "internal-port", found: internal };
  const foreign = passed.find((name) => !ports.has(name));
  if (foreign !== undefined) return { cause: "foreign-port", found: foreign };
  return betweenPorts(inPort, outputs[0] ?? "", ports);
}

function betweenPorts(
  inPort: string,
  outPort: string,
  ports: ReadonlyMap<string, CardPort>,
): Found | undefined {
  const [from, to] = [ports.get(inPort), ports.get(outPort)];
  if (inPort === outPort) return { cause: "hairpin", found: inPort };
  if (from?.card !== to?.card) return { cause: "other-card", found: `${inPort}, ${outPort}` };
  return from?.isUplink && to?.isUplink
    ? { cause: "both-uplinks", found: `${inPort}, ${outPort}` }
    : undefined;
}

/** What is set on the ports it passes. */
function ofPorts({ inPort, actions }: ExaminedFlow, { examination }: Scene): Found | undefined {
  const { netdevs = [] } = examination;
  const passed = new Set([inPort, ...splitActions(actions)]);
  const off = netdevs.find(({ name, hasTcOffload }) => passed.has(name) && hasTcOffload === false);
  if (off !== undefined) return { cause: "tc-offload-off", found: off.name };
  const bare = netdevs.find(
    ({ name, hasIngressQdisc }) => name === inPort && hasIngressQdisc === false,
  );
  return bare && { cause: "no-ingress-qdisc", found: bare.name };
}

/** Words with which the driver and Open vSwitch refuse a rule. @see reference of OFFLOAD_CAUSES */
const REFUSALS =
  /can't offload|failed to offload flow|isn't offloaded|is not offloaded|not supported|out of supported range|No suitable flow API/i;

/** What became of its rule. */
function ofRule(flow: ExaminedFlow, { examination }: Scene): Found {
  const { offloadMessages = [], kernelMessages = [] } = examination;
  const refusals = [...offloadMessages, ...kernelMessages].filter((line) => REFUSALS.test(line));
  const own = refusals.findLast((line) => line.includes(flow.inPort));
  if (own !== undefined) return { cause: "card-refused", found: own };
  if (flow.place === "tc-software") return { cause: "card-refused", found: refusals.at(-1) };
  const isNew = flow.packets !== undefined && flow.packets <= NEW_FLOW_PACKETS_MAX;
  return { cause: isNew ? "new-flow" : "unknown" };
}
