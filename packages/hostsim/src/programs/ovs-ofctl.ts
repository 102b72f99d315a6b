import { note } from "../machine/act.ts";
import { bridgeNames, portsOfBridge } from "../ovs/bridges.ts";
import { formatOpenFlow, type OpenFlow, parseOpenFlow, withFlow } from "../ovs/open-flow.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** What every bridge starts with. @see ovs-vswitchd.conf.db(5), fail_mode */
const STANDALONE: OpenFlow = { cookie: 0n, priority: 0, match: new Map(), actions: "NORMAL" };

/** `cookie=VALUE/MASK` as a filter; the mask `-1` compares every bit. */
function parseFilter(text: string): ((flow: OpenFlow) => boolean) | undefined {
  if (text === "") return () => true;
  const [, value, mask] = /^cookie=(0x[0-9a-f]+|\d+)\/(-1|0x[0-9a-f]+)$/.exec(text) ?? [];
  if (value === undefined || mask === undefined) return undefined;
  const bits = BigInt.asUintN(64, BigInt(mask));
  return ({ cookie }) => (cookie & bits) === (BigInt(value) & bits);
}

/** ovs-ofctl(8): add-flow, del-flows, dump-flows. */
export function ovsOfctl({ act, machine, args }: Invoked): Ended {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const [command, bridge = "", text = ""] = words;
  if (machine.boot.vswitchd === undefined || !bridgeNames(machine).includes(bridge)) {
    return failed(`ovs-ofctl: ${bridge} is not a bridge or a socket`);
  }
  const { openFlows, ofports } = machine.boot.datapath;
  const flows = openFlows.get(bridge) ?? [];
  const set = (next: readonly OpenFlow[]) => {
    const textOf = (all: readonly OpenFlow[]) =>
      all
        .map((each) => formatOpenFlow(each, false))
        .sort()
        .join("");
    note(act, `flows ${bridge}`, { before: textOf(flows), after: textOf(next) });
    openFlows.set(bridge, next);
  };
  if (command === "add-flow") {
    const ports = portsOfBridge(machine, bridge);
    const flow = parseOpenFlow(text, (name) =>
      ports.includes(name) ? ofports.get(name) : undefined,
    );
    if ("refusal" in flow) return failed(`ovs-ofctl: ${flow.refusal}`);
    set(withFlow(flows, flow));
    return printed("");
  }
  const filter = parseFilter(text);
  if (filter === undefined) return failed(`ovs-ofctl: ${text}: unknown keyword`);
  if (command === "del-flows") {
    set(flows.filter((flow) => !filter(flow)));
    return printed("");
  }
  if (command !== "dump-flows") {
    return failed(`ovs-ofctl: unknown command '${command ?? ""}'; use --help for help`);
  }
  const withStatistics = !args.includes("--no-stats");
  const shown = [...flows, STANDALONE].filter(filter);
  const heading = withStatistics ? "NXST_FLOW reply (xid=0x4):\n" : "";
  return printed(heading + shown.map((flow) => formatOpenFlow(flow, withStatistics)).join(""));
}
