import { setEswitchMode } from "../machine/eswitch.ts";
import type { Machine, Pf, Vf } from "../machine/machine.ts";
import { allVfs, findPf } from "../machine/machine.ts";
import { findRepresentor, netdevsOf } from "../machine/netdev.ts";
import { Refusal } from "../machine/refusal.ts";
import {
  devices,
  findDevice,
  handleOf,
  type Keyed,
  requireHandle,
  SyntaxFailure,
  uplinkHandle,
  vfPortHandle,
  virtualPortHandle,
} from "./devlink-devices.ts";
import { diagnose, healthReporters } from "./devlink-health.ts";
import {
  type Ended,
  failed,
  type Invoked,
  isWord,
  printed,
  printedJson,
  refused,
  splitOptions,
} from "./program.ts";

/*
 * devlink(8). Shapes and texts: iproute2/iproute2 devlink/devlink.c; torvalds/linux
 * drivers/net/ethernet/mellanox/mlx5/core/devlink.c and esw/devlink_port.c.
 */

function eswitchShow(machine: Machine, handle: string): Keyed {
  const pf = findPf(machine, handle.replace(/^pci\//, ""));
  if (pf === undefined) {
    findDevice(machine, handle);
    throw new Refusal("EOPNOTSUPP");
  }
  return { mode: pf.mode, "inline-mode": "none", "encap-mode": "basic" };
}

function parseEswitchSet(words: readonly string[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const key = ["mode", "inline-mode", "encap-mode"].find((full) => isWord(words[at], full));
    if (key === undefined) throw new SyntaxFailure(`Unknown option "${words[at]}"`);
    pairs.set(key, words[at + 1] ?? "");
  }
  if (pairs.size === 0) throw new SyntaxFailure("Need to set at least one option");
  return pairs;
}

function eswitchSet(invoked: Invoked, handle: string, words: readonly string[]): void {
  const { machine, act } = invoked;
  const pairs = parseEswitchSet(words);
  const mode = pairs.get("mode");
  if (mode !== undefined && mode !== "legacy" && mode !== "switchdev") {
    throw new SyntaxFailure(`Unknown eswitch mode "${mode}"`);
  }
  const pf = findPf(machine, handle.replace(/^pci\//, ""));
  if (pf === undefined) {
    findDevice(machine, handle);
    throw new Refusal("EOPNOTSUPP");
  }
  const inlineMode = pairs.get("inline-mode");
  if (inlineMode !== undefined && inlineMode !== "none") {
    throw new Refusal("EOPNOTSUPP", "mlx5_core: Inline mode can't be set");
  }
  if (mode !== undefined) setEswitchMode(act, pf, mode);
}

function info(machine: Machine, device: Pf | Vf): Keyed {
  if (!("vfs" in device)) return { driver: "mlx5_core" };
  const { running, stored } = machine.firmware;
  return {
    driver: "mlx5_core",
    serial_number: machine.spec.card.serial,
    "board.serial_number": machine.spec.card.serial,
    versions: {
      fixed: { "fw.psid": machine.spec.card.psid },
      running: { "fw.version": running, fw: running },
      stored: { "fw.version": stored, fw: stored },
    },
  };
}

function uplinkPort(pf: Pf): readonly [string, Keyed] {
  const port = {
    type: "eth",
    netdev: pf.netdev,
    flavour: "physical",
    port: pf.port,
    splittable: false,
  };
  return [uplinkHandle(pf), port];
}

function vfPort(machine: Machine, pf: Pf, vf: Vf): readonly [string, Keyed] {
  const netdev = findRepresentor(machine, vf)?.name;
  const port = {
    type: "eth",
    ...(netdev === undefined ? {} : { netdev }),
    flavour: "pcivf",
    controller: 0,
    pfnum: pf.port,
    vfnum: vf.index,
    external: false,
    splittable: false,
    function: { hw_addr: vf.adminMac, roce: "enable", migratable: "disable", max_io_eqs: 24 },
  };
  return [vfPortHandle(pf, vf), port];
}

function virtualPort(machine: Machine, vf: Vf): readonly [string, Keyed] {
  const netdev = netdevsOf(machine, "vf").find(({ pciAddress }) => pciAddress === vf.pciAddress);
  const name = netdev === undefined ? {} : { netdev: netdev.name };
  const port = { type: "eth", ...name, flavour: "virtual", splittable: false };
  return [virtualPortHandle(vf), port];
}

function ports(machine: Machine): Record<string, Keyed> {
  const ofPfs = machine.boot.pfs.flatMap((pf) => [
    uplinkPort(pf),
    ...(pf.mode === "switchdev" ? pf.vfs.map((vf) => vfPort(machine, pf, vf)) : []),
  ]);
  const ofVfs = allVfs(machine).filter((vf) => vf.driver === "mlx5_core");
  return Object.fromEntries([...ofPfs, ...ofVfs.map((vf) => virtualPort(machine, vf))]);
}

/** A device (`pci/…`) picks all its ports, a port handle (`pci/…/65535`) one. */
function selectPorts(machine: Machine, handle: string | undefined): Record<string, Keyed> {
  const all = ports(machine);
  if (handle === undefined) return all;
  const isPort = handle.split("/").length === 3;
  const chosen = Object.entries(all).filter(([key]) =>
    isPort ? key === handle : key.startsWith(`${handle}/`),
  );
  if (chosen.length === 0) throw new Refusal("ENODEV");
  return Object.fromEntries(chosen);
}

const runtime = (value: unknown) => [{ cmode: "runtime", value }];
const driverinit = (value: unknown) => [{ cmode: "driverinit", value }];

function params(machine: Machine, handle: string): Keyed {
  findDevice(machine, handle);
  return {
    [handle]: [
      { name: "flow_steering_mode", type: "driver-specific", values: runtime("smfs") },
      { name: "enable_roce", type: "generic", values: driverinit(true) },
      { name: "enable_eth", type: "generic", values: driverinit(true) },
      { name: "enable_vnet", type: "generic", values: driverinit(true) },
    ],
  };
}

/** Text form: one line for flat values, as people read it; programs ask for `-j`. */
function asText(value: Readonly<Record<string, Keyed>>): string {
  return Object.entries(value)
    .map(([handle, fields]) => {
      const words = Object.entries(fields).map(([key, field]) =>
        typeof field === "object" ? `${key} ${JSON.stringify(field)}` : `${key} ${String(field)}`,
      );
      return words.length === 0 ? `${handle}\n` : `${handle}: ${words.join(" ")}\n`;
    })
    .join("");
}

function runDev(
  invoked: Invoked,
  words: readonly string[],
): readonly [string, Record<string, Keyed>] {
  const { machine } = invoked;
  const [command, ...rest] = words;
  if (isWord(command, "eswitch")) {
    const handle = requireHandle(rest[1]);
    if (isWord(rest[0], "show")) return ["dev", { [handle]: eswitchShow(machine, handle) }];
    if (isWord(rest[0], "set")) eswitchSet(invoked, handle, rest.slice(2));
    else throw new SyntaxFailure(`Command "${rest[0] ?? ""}" not found`);
    return ["", {}];
  }
  if (isWord(command, "info")) {
    const chosen =
      rest[0] === undefined ? devices(machine) : [findDevice(machine, requireHandle(rest[0]))];
    return [
      "info",
      Object.fromEntries(chosen.map((each) => [handleOf(each), info(machine, each)])),
    ];
  }
  if (isWord(command, "param"))
    return ["param", params(machine, requireHandle(rest[1])) as Record<string, Keyed>];
  if (command === undefined || isWord(command, "show")) {
    const chosen =
      rest[0] === undefined ? devices(machine) : [findDevice(machine, requireHandle(rest[0]))];
    return ["dev", Object.fromEntries(chosen.map((each) => [handleOf(each), {}]))];
  }
  throw new SyntaxFailure(`Command "${command}" not found`);
}

/** `devlink port function set pci/…/1 hw_addr MAC`: the same admin MAC as `ip link set PF vf N mac`. */
function portFunctionSet(invoked: Invoked, words: readonly string[]): void {
  const [handle, key, value] = words;
  const [, address, index] = (handle ?? "").split("/");
  const pf = findPf(invoked.machine, address ?? "");
  const vport = Number(index) & 0xffff;
  const vf = pf?.vfs.find((each) => each.index === vport - 1);
  if (vf === undefined) throw new Refusal("ENODEV");
  if (key === "hw_addr" && value !== undefined) vf.adminMac = value.toLowerCase();
  else throw new SyntaxFailure(`Unknown option "${key ?? ""}"`);
}

function select(
  invoked: Invoked,
  words: readonly string[],
): readonly [string, Record<string, Keyed>] {
  const { machine } = invoked;
  const [object, command, ...rest] = words;
  if (isWord(object, "dev")) return runDev(invoked, words.slice(1));
  if (isWord(object, "port")) {
    if (isWord(command, "function") && rest[0] === "set") {
      portFunctionSet(invoked, rest.slice(1));
      return ["", {}];
    }
    if (command !== undefined && !isWord(command, "show")) {
      throw new SyntaxFailure(`Command "${command}" not found`);
    }
    return ["port", selectPorts(machine, rest[0])];
  }
  if (isWord(object, "health") && !isWord(command, "diagnose")) {
    return ["health", healthReporters(machine)];
  }
  throw new SyntaxFailure(`Object "${object ?? ""}" not found`);
}

/** devlink(8): dev show|info|eswitch|param, port show, health show|diagnose. */
export function devlink(invoked: Invoked): Ended {
  const { machine } = invoked;
  const { options, words } = splitOptions(invoked.args);
  if (options.some((option) => option === "-V" || option === "-Version")) {
    return printed("devlink utility, iproute2-6.2.0\n");
  }
  const isJson = options.some((option) => option.startsWith("-j") || option === "--json");
  try {
    if (isWord(words[0], "health") && isWord(words[1], "diagnose")) {
      const diagnosis = diagnose(machine, words.slice(2));
      return isJson ? printedJson(diagnosis) : printed(asText(diagnosis as Record<string, Keyed>));
    }
    const [key, value] = select(invoked, words);
    if (key === "") return printed("");
    return isJson ? printedJson({ [key]: value }) : printed(asText(value));
  } catch (error) {
    if (error instanceof SyntaxFailure) return failed(error.message);
    return refused(error);
  }
}
