import { Refusal, strerror } from "../machine/refusal.ts";
import { changeAddress, flushAddresses } from "./ip-address.ts";
import { IpFailure, usage, type View } from "./ip-call.ts";
import { addLink, deleteLink, setLink } from "./ip-link.ts";
import { getRoute, showAddresses, showLinks, showNeighbours, showRoutes } from "./ip-show.ts";
import { type Ended, failed, type Invoked, isWord, printed, printedJson } from "./program.ts";

/*
 * ip(8): link, address, route. Source: iproute2/iproute2 ip/iplink.c, ip/ipaddress.c, ip/iproute.c.
 */

function run(invoked: Invoked, words: readonly string[], view: View): Ended {
  const { machine } = invoked;
  const [object, verb = "show", ...rest] = words;
  const isShow = isWord(verb, "show") || isWord(verb, "list") || verb === "lst";
  if (isWord(object, "link")) {
    if (isShow) return showLinks(machine, rest, view);
    if (isWord(verb, "set")) {
      const warning = setLink(invoked, rest);
      return warning === undefined
        ? printed("")
        : { exitCode: 0, stdout: "", stderr: `Warning: ${warning}.\n` };
    }
    if (isWord(verb, "add")) addLink(invoked, rest);
    else if (isWord(verb, "delete")) deleteLink(invoked, rest);
    else throw usage(`Command "${verb}" is unknown, try "ip link help".`);
    return printed("");
  }
  if (isWord(object, "address") || object === "addr") {
    if (isShow) return showAddresses(machine, rest, view);
    if (isWord(verb, "add") || verb === "replace") changeAddress(invoked, "add", rest);
    else if (isWord(verb, "del")) changeAddress(invoked, "del", rest);
    else if (isWord(verb, "flush")) flushAddresses(invoked, rest);
    else throw usage(`Command "${verb}" is unknown, try "ip address help".`);
    return printed("");
  }
  if (isWord(object, "route") && view.isIpv6) return view.isJson ? printedJson([]) : printed("");
  if (isWord(object, "route") && verb === "get") return getRoute(machine, rest[0] ?? "", view);
  if (isWord(object, "route")) return showRoutes(machine, rest, view);
  if (isWord(object, "neighbour")) return showNeighbours(machine, view);
  throw usage(`Object "${object ?? ""}" is unknown, try "ip help".`);
}

/** ip(8). Refusals of the kernel exit 2 with `RTNETLINK answers: …`. */
export function ip(invoked: Invoked): Ended {
  const isOption = (arg: string) => arg.startsWith("-");
  const firstWord = invoked.args.findIndex((arg) => !isOption(arg));
  const options = invoked.args.slice(0, firstWord === -1 ? undefined : firstWord);
  const words = firstWord === -1 ? [] : invoked.args.slice(firstWord);
  const has = (...names: readonly string[]) => options.some((option) => names.includes(option));
  if (has("-V", "-Version")) return printed("ip utility, iproute2-6.2.0\n");
  const view: View = {
    isIpv6: has("-6"),
    isJson: has("-j", "-json", "--json", "-jp"),
    hasDetails: has("-d", "-details", "--details"),
    hasStatistics: has("-s", "-stats", "-statistics", "--stats", "-ss"),
  };
  try {
    return run(invoked, words, view);
  } catch (error) {
    if (error instanceof IpFailure) return failed(error.message, error.exitCode);
    if (error instanceof Refusal) {
      const { extack, errno } = error;
      const text =
        extack === undefined ? `RTNETLINK answers: ${strerror(errno)}` : `Error: ${extack}.`;
      return failed(text, 2);
    }
    throw error;
  }
}
