import { note } from "../machine/act.ts";
import { addBond, BOND_MODES, deleteBond, joinBond, leaveBond } from "../machine/bond.ts";
import { allVfs, findPf, type Vf } from "../machine/machine.ts";
import { requireNetdev, setAlias, setLinkState, setMtu } from "../machine/netdev.ts";
import { Refusal } from "../machine/refusal.ts";
import { IpFailure, usage } from "./ip-call.ts";
import type { Invoked } from "./program.ts";

/* Changes by `ip link`. */

/** What `ip link set PF vf N` takes besides the MAC, in pairs of a word and its value. */
function setVfOptions(act: Invoked["act"], vf: Vf, words: readonly string[]): void {
  const textOf = () => `vlan ${vf.vlan} spoofchk ${vf.isSpoofChecked} max_tx_rate ${vf.maxTxMbps}`;
  const before = textOf();
  for (let at = 0; at < words.length; at += 2) {
    const [word, value = ""] = [words[at], words[at + 1]];
    if (word === "vlan") vf.vlan = Number(value);
    else if (word === "spoofchk") vf.isSpoofChecked = value === "on";
    else if (word === "max_tx_rate") vf.maxTxMbps = Number(value);
    else throw usage("Command line is not complete.");
  }
  note(act, `vf-settings ${vf.pciAddress}`, { before, after: textOf() });
}

/**
 * `ip link set PF vf N …`. The admin MAC breaks vDPA in switchdev mode, in which the rest is refused.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/esw/legacy.c, mlx5_eswitch_set_vport_vlan
 */
function setVf(invoked: Invoked, name: string, words: readonly string[]): void {
  const { machine, act } = invoked;
  const netdev = requireNetdev(machine, name);
  const pf = findPf(machine, netdev.kind === "uplink" ? (netdev.pciAddress ?? "") : "");
  const vf = allVfs(machine).find(
    (each) => each.pf === pf?.pciAddress && each.index === Number(words[0]),
  );
  if (vf === undefined) throw new Refusal("EINVAL");
  const mac = words[words.indexOf("mac") + 1];
  if (!words.includes("mac")) {
    if (pf?.mode === "switchdev") throw new Refusal("EOPNOTSUPP");
    setVfOptions(act, vf, words.slice(1));
    return;
  }
  if (mac === undefined) throw usage("Command line is not complete.");
  note(act, `vf-mac ${vf.pciAddress}`, { before: vf.adminMac, after: mac });
  vf.adminMac = mac.toLowerCase();
}

/** `ip link add [name] NAME type bond [mode MODE] [miimon N]`. */
export function addLink(invoked: Invoked, words: readonly string[]): void {
  const at = words.indexOf("type");
  const name = words[0] === "name" ? words[1] : words[0];
  const wordAfter = (key: string) =>
    words.includes(key) ? words[words.indexOf(key) + 1] : undefined;
  if (name === undefined || at === -1) {
    throw usage('Not enough information: "type" argument is required');
  }
  if (words[at + 1] !== "bond")
    throw new IpFailure("RTNETLINK answers: Operation not supported", 2);
  const mode = wordAfter("mode") ?? "balance-rr";
  if (!BOND_MODES.includes(mode)) throw usage(`Error: argument "${mode}" is wrong: invalid mode`);
  addBond(invoked.act, name, mode);
}

export function deleteLink(invoked: Invoked, words: readonly string[]): void {
  const name = words.find((word) => word !== "dev") ?? "";
  if (!invoked.machine.boot.netdevs.has(name)) {
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  }
  deleteBond(invoked.act, name);
}

/** @returns what the kernel warns of, if it does */
export function setLink(invoked: Invoked, words: readonly string[]): string | undefined {
  const warnings: string[] = [];
  const { act } = invoked;
  const [name, ...settings] = words[0] === "dev" ? words.slice(1) : words;
  if (name === undefined) throw usage('Not enough information: "dev" argument is required.');
  if (!invoked.machine.boot.netdevs.has(name))
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  for (let at = 0; at < settings.length; at += 1) {
    const word = settings[at];
    if (word === "up" || word === "down") setLinkState(act, name, word === "up");
    else if (word === "mtu") setMtu(act, name, Number(settings[++at]));
    else if (word === "alias") setAlias(act, name, settings[++at] ?? "");
    else if (word === "nomaster") leaveBond(act, name);
    else if (word === "master") {
      const master = settings[++at] ?? "";
      if (!invoked.machine.boot.netdevs.has(master)) {
        throw usage(`Error: argument "${master}" is wrong: Device does not exist`);
      }
      warnings.push(joinBond(act, name, master) ?? "");
    } else if (word === "vf") {
      setVf(invoked, name, settings.slice(at + 1));
      return undefined;
    } else throw usage(`Error: either "dev" is duplicate, or "${word}" is a garbage.`);
  }
  return warnings.find((warning) => warning !== "");
}
