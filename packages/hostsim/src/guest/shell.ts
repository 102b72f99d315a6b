import { cidrAddress, type Ipv4Cidr, MTU_LIMITS, parseIpv4Cidr } from "@switchyard/model";
import { sourceFor } from "../l2/ip-stack.ts";
import { parsePing, ping } from "../l2/ping.ts";
import type { Guest, GuestExecResult, GuestNic } from "../machine/guest.ts";
import type { Machine } from "../machine/machine.ts";
import { iperf3 } from "./iperf3.ts";

/*
 * Programs inside a guest, as guest-exec runs them: ip, ping, iperf3, cat, nmcli, and `sh -c` with those.
 */

const done = (stdout = ""): GuestExecResult => ({ exitCode: 0, stdout, stderr: "" });
const fail = (stderr: string, exitCode = 1): GuestExecResult => ({
  exitCode,
  stdout: "",
  stderr: `${stderr}\n`,
});

const findNic = (guest: Guest, name: string | undefined): GuestNic | undefined =>
  guest.nics.find((nic) => nic.name === name);

function flagsOf(nic: GuestNic): readonly string[] {
  const hasCarrier = nic.stack.isUp();
  return [
    ...(nic.isUp && !hasCarrier ? ["NO-CARRIER"] : []),
    "BROADCAST",
    "MULTICAST",
    ...(nic.isUp ? ["UP"] : []),
    ...(hasCarrier ? ["LOWER_UP"] : []),
  ];
}

function linkJson(nic: GuestNic, index: number): object {
  const flags = flagsOf(nic);
  return {
    ifindex: index + 2,
    ifname: nic.name,
    flags,
    mtu: nic.mtu,
    qdisc: "mq",
    operstate: nic.stack.isUp() ? "UP" : "DOWN",
    linkmode: "DEFAULT",
    group: "default",
    txqlen: 1000,
    link_type: "ether",
    address: nic.mac,
    broadcast: "ff:ff:ff:ff:ff:ff",
  };
}

const LOOPBACK = {
  ifindex: 1,
  ifname: "lo",
  flags: ["LOOPBACK", "UP", "LOWER_UP"],
  mtu: 65_536,
  operstate: "UNKNOWN",
  link_type: "loopback",
  address: "00:00:00:00:00:00",
  broadcast: "00:00:00:00:00:00",
};

function addressJson(nic: GuestNic, index: number): object {
  const info = nic.addresses.map((cidr) => ({
    family: "inet",
    local: cidrAddress(cidr as Ipv4Cidr),
    prefixlen: Number(cidr.split("/")[1]),
    scope: "global",
    label: nic.name,
  }));
  return { ...linkJson(nic, index), addr_info: info };
}

function changeAddress(guest: Guest, verb: string, words: readonly string[]): GuestExecResult {
  const at = words.indexOf("dev");
  const name = words[at + 1];
  const nic = findNic(guest, name);
  if (nic === undefined) return fail(`Cannot find device "${name ?? ""}"`);
  if (verb === "flush") {
    nic.addresses = [];
    return done();
  }
  const text = words.find((_, index) => index !== at && index !== at + 1) ?? "";
  let cidr: string;
  try {
    cidr = parseIpv4Cidr(text.includes("/") ? text : `${text}/32`);
  } catch {
    return fail(`Error: any valid prefix is expected rather than "${text}".`);
  }
  const has = nic.addresses.includes(cidr);
  if (verb === "add" && has) return fail("RTNETLINK answers: File exists", 2);
  if (verb === "del" && !has) return fail("RTNETLINK answers: Cannot assign requested address", 2);
  nic.addresses =
    verb === "del"
      ? nic.addresses.filter((each) => each !== cidr)
      : [...new Set([...nic.addresses, cidr])];
  return done();
}

function setLink(guest: Guest, words: readonly string[]): GuestExecResult {
  const [name, ...settings] = words[0] === "dev" ? words.slice(1) : words;
  const nic = findNic(guest, name);
  if (nic === undefined) return fail(`Cannot find device "${name ?? ""}"`);
  const mtu = settings.includes("mtu") ? Number(settings[settings.indexOf("mtu") + 1]) : nic.mtu;
  if (!(mtu >= MTU_LIMITS.min)) return fail("Error: mtu less than device minimum.", 2);
  nic.mtu = mtu;
  if (settings.includes("up")) nic.isUp = true;
  if (settings.includes("down")) nic.isUp = false;
  return done();
}

function linkHeading(guest: Guest, nic: GuestNic): string {
  return `${guest.nics.indexOf(nic) + 2}: ${nic.name}: <${flagsOf(nic).join(",")}> mtu ${nic.mtu}`;
}

/** `-oneline`: a record per line, its line breaks shown as backslashes. @see ip(8) */
function oneLine(
  guest: Guest,
  nic: GuestNic,
  { withAddresses }: { readonly withAddresses: boolean },
): string {
  if (!withAddresses) {
    return `${linkHeading(guest, nic)}\\    link/ether ${nic.mac} brd ff:ff:ff:ff:ff:ff\n`;
  }
  const index = guest.nics.indexOf(nic) + 2;
  const lifetime = "\\       valid_lft forever preferred_lft forever";
  return nic.addresses
    .map((cidr) => `${index}: ${nic.name}    inet ${cidr} scope global ${nic.name}${lifetime}\n`)
    .join("");
}

function show(
  guest: Guest,
  words: readonly string[],
  view: { readonly isJson: boolean; readonly isOneLine: boolean; readonly withAddresses: boolean },
): GuestExecResult {
  const name = words.find((word) => word !== "dev" && word !== "show");
  if (name !== undefined && name !== "lo" && findNic(guest, name) === undefined) {
    return fail(`Device "${name}" does not exist.`);
  }
  const nics = guest.nics.filter((nic) => name === undefined || nic.name === name);
  const rows = nics.map((nic) => {
    const index = guest.nics.indexOf(nic);
    return view.withAddresses ? addressJson(nic, index) : linkJson(nic, index);
  });
  if (view.isJson) {
    const loopback = view.withAddresses ? { ...LOOPBACK, addr_info: [] } : LOOPBACK;
    return done(`${JSON.stringify(name === undefined ? [loopback, ...rows] : rows)}\n`);
  }
  if (view.isOneLine) return done(nics.map((nic) => oneLine(guest, nic, view)).join(""));
  const lines = nics.map((nic) => {
    const inet = view.withAddresses
      ? nic.addresses.map((cidr) => `    inet ${cidr} scope global ${nic.name}\n`)
      : [];
    return `${linkHeading(guest, nic)}\n    link/ether ${nic.mac} brd ff:ff:ff:ff:ff:ff\n${inet.join("")}`;
  });
  return done(lines.join(""));
}

function ip(guest: Guest, args: readonly string[]): GuestExecResult {
  const isJson = args.some((arg) => arg === "-j" || arg === "-json" || arg === "-jp");
  const [object = "", verb = "show", ...rest] = args.filter((arg) => !/^-[a-z0-9]/.test(arg));
  const isAddress = "address".startsWith(object) || object === "addr";
  if (!isAddress && !"link".startsWith(object)) {
    return "route".startsWith(object)
      ? done(isJson ? "[]\n" : "")
      : fail(`Object "${object}" is unknown, try "ip help".`, 255);
  }
  if (verb === "show" || verb === "list" || verb === "ls") {
    const isOneLine = args.some((arg) => arg === "-o" || arg === "-oneline");
    return show(guest, rest, { isJson, isOneLine, withAddresses: isAddress });
  }
  if (!isAddress) return setLink(guest, rest);
  const verbs: Readonly<Record<string, string>> = {
    a: "add",
    d: "del",
    delete: "del",
    replace: "replace",
  };
  return changeAddress(guest, verbs[verb] ?? verb, rest);
}

function cat(guest: Guest, paths: readonly string[]): GuestExecResult {
  const texts: string[] = [];
  for (const path of paths) {
    const name = /^\/sys\/class\/net\/([^/]+)\/address$/.exec(path)?.[1];
    const nics = name === "*" ? guest.nics : guest.nics.filter((nic) => nic.name === name);
    if (nics.length === 0) return fail(`cat: ${path}: No such file or directory`);
    texts.push(...nics.map(({ mac }) => `${mac}\n`));
  }
  return done(texts.join(""));
}

async function pingFrom(
  machine: Machine,
  guest: Guest,
  args: readonly string[],
): Promise<GuestExecResult> {
  const options = parsePing(args);
  if ("error" in options) return { exitCode: 2, stdout: "", stderr: options.error };
  const nic = guest.nics.find(
    ({ name, stack }) =>
      (options.netdev === undefined || options.netdev === name) &&
      sourceFor(stack, options.target) !== undefined,
  );
  if (nic === undefined) return fail("ping: connect: Network is unreachable", 2);
  return ping({ machine, stack: nic.stack }, options);
}

/** `grep -l MAC /sys/class/net/<star>/address` and plain listing, which people use to find a NIC. */
function grep(guest: Guest, args: readonly string[]): GuestExecResult {
  const pattern = args.find((arg) => !arg.startsWith("-"))?.toLowerCase() ?? "";
  const found = guest.nics.filter(({ mac }) => mac === pattern);
  const lines = found.map(({ name }) => `/sys/class/net/${name}/address\n`);
  return found.length === 0 ? { exitCode: 1, stdout: "", stderr: "" } : done(lines.join(""));
}

/** `a && b` and `a; b`, word by word: no quotes, pipes or expansions. */
async function shell(machine: Machine, guest: Guest, script: string): Promise<GuestExecResult> {
  let result = done();
  let stdout = "";
  let stderr = "";
  for (const [, separator, command] of script.matchAll(/(^|&&|;)([^;&]+)/g)) {
    if (separator === "&&" && result.exitCode !== 0) continue;
    result = await runInGuest(machine, guest, (command ?? "").trim().split(/\s+/));
    stdout += result.stdout;
    stderr += result.stderr;
  }
  return { exitCode: result.exitCode, stdout, stderr };
}

/** Numbers a guest prints at most; enough for whoever needs much output. */
const SEQUENCE_MAX = 1_000_000;

/** `seq LAST` and `seq FIRST LAST`. */
function sequence(args: readonly string[]): GuestExecResult {
  const [first, last] = (args.length > 1 ? args : ["1", ...args]).map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last)) return fail("seq: invalid argument");
  const length = Math.min(SEQUENCE_MAX, Math.max(0, Number(last) - Number(first) + 1));
  return done(Array.from({ length }, (_, index) => `${Number(first) + index}\n`).join(""));
}

/** Runs a program in a guest to its end. Never fails itself; an unknown program exits 127. */
export async function runInGuest(
  machine: Machine,
  guest: Guest,
  argv: readonly string[],
): Promise<GuestExecResult> {
  const [path = "", ...args] = argv;
  const name = path.slice(path.lastIndexOf("/") + 1);
  switch (name) {
    case "ip":
      return ip(guest, args);
    case "ping":
      return pingFrom(machine, guest, args);
    case "iperf3":
      return iperf3(machine, guest, args);
    case "cat":
      return cat(guest, args);
    case "grep":
      return grep(guest, args);
    case "ls":
      return done(["lo", ...guest.nics.map((nic) => nic.name)].map((each) => `${each}\n`).join(""));
    case "hostname":
      return done(`${guest.hostname}\n`);
    case "seq":
      return sequence(args);
    case "nmcli":
    case "true":
      return done();
    case "sh":
    case "bash":
      return shell(machine, guest, args[args.indexOf("-c") + 1] ?? "");
    case "busybox":
      return runInGuest(machine, guest, args);
    default:
      return fail(`${path}: command not found`, 127);
  }
}
