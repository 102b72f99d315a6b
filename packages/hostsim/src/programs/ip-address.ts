import { parseIpv4Cidr } from "@switchyard/model";
import { addAddress, removeAddress } from "../machine/netdev.ts";
import { IpFailure, usage } from "./ip-call.ts";
import type { Invoked } from "./program.ts";

/* Changes by `ip address`. */

export function changeAddress(
  invoked: Invoked,
  verb: "add" | "del",
  words: readonly string[],
): void {
  const at = words.indexOf("dev");
  const name = words[at + 1];
  const text = words.find((word, index) => word !== "dev" && index !== at + 1);
  if (at === -1 || name === undefined) {
    throw usage('Not enough information: "dev" argument is required.');
  }
  let cidr: string;
  try {
    cidr = parseIpv4Cidr(text?.includes("/") ? text : `${text ?? ""}/32`);
  } catch {
    throw new IpFailure(`Error: any valid prefix is expected rather than "${text ?? ""}".`, 1);
  }
  if (!invoked.machine.boot.netdevs.has(name))
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  if (verb === "add") addAddress(invoked.act, name, cidr);
  else if (!removeAddress(invoked.act, name, cidr)) {
    throw new IpFailure("RTNETLINK answers: Cannot assign requested address", 2);
  }
}

export function flushAddresses(invoked: Invoked, words: readonly string[]): void {
  const name = words.find((word) => word !== "dev") ?? "";
  const netdev = invoked.machine.boot.netdevs.get(name);
  if (netdev === undefined) throw new IpFailure(`Device "${name}" does not exist.`, 1);
  for (const cidr of netdev.addresses) removeAddress(invoked.act, name, cidr);
}
