import type { Frame } from "../l2/frame.ts";

/*
 * OpenFlow flows as far as they are written here: matches on the port and on addresses, actions NORMAL and
 * drop, one table. Source: ovs-fields(7), ovs-actions(7).
 */

export interface OpenFlow {
  readonly cookie: bigint;
  readonly priority: number;
  /** Fields by name; a protocol's name stands with an empty value. In the order ovs-ofctl prints them. */
  readonly match: ReadonlyMap<string, string>;
  readonly actions: "NORMAL" | "drop";
}

export const PRIORITY_DEFAULT = 32_768;

/** Order of a printed match. Source: openvswitch/ovs lib/match.c, match_format */
const FIELDS = [
  ...["arp", "ip", "in_port", "dl_src", "dl_dst"],
  ...["nw_src", "nw_dst", "arp_spa", "arp_tpa", "arp_op", "arp_sha"],
] as const;

/** What only makes sense in packets of a protocol. @see ovs-fields(7), prerequisites */
const PREREQUISITES: Readonly<Record<string, string>> = {
  nw_src: "ip",
  nw_dst: "ip",
  arp_spa: "arp",
  arp_tpa: "arp",
  arp_op: "arp",
  arp_sha: "arp",
};

const hasMatch = (match: ReadonlyMap<string, string>): string | undefined =>
  [...match.keys()].find((field) => {
    const needed = PREREQUISITES[field];
    return (
      !(FIELDS as readonly string[]).includes(field) || (needed !== undefined && !match.has(needed))
    );
  });

/** `cookie=0x5,priority=9,in_port=1,arp,actions=NORMAL`. @returns the reason where it is refused */
export function parseOpenFlow(
  text: string,
  portNumber: (name: string) => number | undefined,
): OpenFlow | { readonly refusal: string } {
  const at = text.search(/(^|[ ,])actions?=/);
  const actions = text.slice(at).replace(/^[ ,]?actions?=/, "");
  if (at === -1) return { refusal: "must specify an action" };
  if (actions !== "NORMAL" && actions !== "drop") return { refusal: `unknown action ${actions}` };
  let cookie = 0n;
  let priority = PRIORITY_DEFAULT;
  const found = new Map<string, string>();
  for (const part of text.slice(0, at).split(/[ ,]+/)) {
    if (part === "") continue;
    const [name, value = ""] = part.split("=") as [string, string | undefined];
    if (name === "cookie") cookie = BigInt(value);
    else if (name === "priority") priority = Number(value);
    else if (name === "in_port") {
      const number = /^\d+$/.test(value) ? Number(value) : portNumber(value);
      if (number === undefined) return { refusal: `${value}: invalid or unknown port for in_port` };
      found.set(name, String(number));
    } else found.set(name, value);
  }
  const match = new Map(
    FIELDS.flatMap((field) => {
      const value = found.get(field);
      return value === undefined ? [] : [[field, value] as const];
    }),
  );
  const wrong = hasMatch(found);
  if (wrong !== undefined)
    return { refusal: `${wrong}: unknown field or its prerequisites are not met` };
  return { cookie, priority, match, actions };
}

const matchText = (match: OpenFlow["match"]): readonly string[] =>
  [...match].map(([field, value]) => (value === "" ? field : `${field}=${value}`));

const keyOf = ({ priority, match }: OpenFlow): string => [priority, ...matchText(match)].join(",");

/** Adds a flow; one of the same priority and match is replaced. @see ovs-ofctl(8), add-flow */
export const withFlow = (flows: readonly OpenFlow[], flow: OpenFlow): readonly OpenFlow[] => [
  ...flows.filter((each) => keyOf(each) !== keyOf(flow)),
  flow,
];

/** One line of `ovs-ofctl dump-flows`. */
export function formatOpenFlow(flow: OpenFlow, withStatistics: boolean): string {
  const { cookie, priority, actions } = flow;
  const statistics = "duration=1.0s, table=0, n_packets=0, n_bytes=0, idle_age=1, ";
  const shown = withStatistics || cookie !== 0n ? `cookie=0x${cookie.toString(16)}, ` : "";
  const rank = priority === PRIORITY_DEFAULT ? [] : [`priority=${priority}`];
  const words = [...rank, ...matchText(flow.match)].join(",");
  return ` ${shown}${withStatistics ? statistics : ""}${words} actions=${actions}\n`;
}

/** What of a frame flows match on. */
function fieldsOf(frame: Frame, inPort: number): Readonly<Record<string, string | undefined>> {
  const { payload, source, destination } = frame;
  const plain = { in_port: String(inPort), dl_src: source, dl_dst: destination };
  switch (payload.kind) {
    case "chatter":
      return plain;
    case "arp-request":
    case "arp-reply":
      return {
        ...plain,
        arp: "",
        arp_spa: payload.sender,
        arp_tpa: payload.target,
        arp_op: payload.kind === "arp-request" ? "1" : "2",
        arp_sha: source,
      };
    default:
      return { ...plain, ip: "", nw_src: payload.sender, nw_dst: payload.target };
  }
}

/** Whether a bridge's flows let a frame on; without any that match it does what a plain switch does. */
export function passesFlows(flows: readonly OpenFlow[], frame: Frame, inPort: number): boolean {
  const fields = fieldsOf(frame, inPort);
  const [first] = flows
    .filter(({ match }) => [...match].every(([field, value]) => fields[field] === value))
    .sort((left, right) => right.priority - left.priority);
  return first === undefined || first.actions === "NORMAL";
}
