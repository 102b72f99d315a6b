import { note } from "../machine/act.ts";
import { newMachineUuid } from "../machine/machine.ts";
import { bridgeRows, interfaceRows, portRows } from "../ovs/bridges.ts";
import { OvsRefusal, type Row, readColumn, type Tables, Transaction } from "../ovs/database.ts";
import { checkReferences } from "../ovs/references.ts";
import { BRIDGE_COMMANDS } from "../ovs/vsctl-bridges.ts";
import type { Invocation, OutputFormat, Subcommand } from "../ovs/vsctl-commands.ts";
import { RECORD_COMMANDS } from "../ovs/vsctl-records.ts";
import { interfaceError, interfaceState, reconfigure } from "../ovs/vswitchd.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  ...BRIDGE_COMMANDS,
  ...RECORD_COMMANDS,
};
const SOCKET = "unix:/var/run/openvswitch/db.sock";
/** Exit status of a shell's view on SIGALRM, by which ovs-vsctl dies when its time is up. */
const ALARM_STATUS = 142;

interface Segment {
  readonly options: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

/** Options that take their value as the next word when there is no `=`. */
const VALUED = new Set(["-t", "-f", "-d", "--timeout", "--format", "--columns", "--db", "--data"]);
const LONG: Readonly<Record<string, string>> = { "-t": "timeout", "-f": "format", "-d": "data" };

function readSegment(words: readonly string[]): Segment {
  const options = new Map<string, string>();
  let at = 0;
  for (; at < words.length && (words[at] as string).startsWith("-"); at += 1) {
    const [name, value] = (words[at] as string).split(/=(.*)/s) as [string, string | undefined];
    const key = LONG[name] ?? name.replace(/^--?/, "");
    options.set(key, value ?? (VALUED.has(name) ? (words[++at] ?? "") : ""));
  }
  return { options, words: words.slice(at) };
}

/** Splits at ` -- `; the options before the first sub-command count for the whole call. */
function readSegments(args: readonly string[]): readonly Segment[] {
  const parts: string[][] = [[]];
  for (const word of args) {
    if (word === "--") parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts
    .map(readSegment)
    .filter(({ options, words }) => words.length > 0 || options.size > 0);
}

/** Names that `--id=@NAME` gives to rows stand for them in the whole transaction. */
function withRowNames(segments: readonly Segment[], newUuid: () => string): readonly Segment[] {
  const names = new Map(
    segments.flatMap(({ options }) => {
      const name = options.get("id");
      return name === undefined ? [] : [[name, newUuid()] as const];
    }),
  );
  const known = (word: string): string =>
    word.replace(/(^|=)(@[A-Za-z0-9_-]+)$/, (all, before: string, name: string) => {
      const uuid = names.get(name);
      return uuid === undefined ? all : `${before}${uuid}`;
    });
  return segments.map(({ options, words }) => {
    const id = names.get(options.get("id") ?? "");
    return {
      options: id === undefined ? options : new Map([...options, ["id", id]]),
      words: words.map(known),
    };
  });
}

function check(segment: Segment): Subcommand {
  const [name, ...args] = segment.words as [string, ...string[]];
  const command = SUBCOMMANDS[name];
  if (command === undefined) {
    throw new OvsRefusal(`unknown command '${name}'; use --help for help`);
  }
  if (args.length < command.least) {
    throw new OvsRefusal(`'${name}' command requires at least ${command.least} arguments`);
  }
  if (args.length > command.most) {
    throw new OvsRefusal(`'${name}' command takes at most ${command.most} arguments`);
  }
  return command;
}

/** What is set of a port and its interface beyond their being there. */
function settingsText(port: Row, row: Row): string {
  const columns = [
    ["Port", port, "tag"],
    ["Port", port, "qos"],
    ["Interface", row, "ingress_policing_rate"],
    ["Interface", row, "ingress_policing_burst"],
  ] as const;
  return columns
    .map(([table, of, column]) => [column, readColumn(table, of, column)] as const)
    .filter(([, value]) => value !== 0 && String(value) !== "")
    .map(([column, value]) => ` ${column}=${String(value)}`)
    .join("");
}

/** Bridges, ports and configuration as one comparable text per object. */
function describe(tables: Tables): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const bridge of bridgeRows(tables)) {
    const name = String(bridge.columns["name"]);
    const ids = JSON.stringify(bridge.columns["external_ids"] ?? {});
    texts.set(`bridge ${name}`, `present ${ids}`);
    for (const port of portRows(tables, bridge)) {
      for (const row of interfaceRows(tables, port)) {
        texts.set(`port ${String(row.columns["name"])}`, `on ${name}${settingsText(port, row)}`);
      }
    }
  }
  for (const table of ["QoS", "Queue"] as const) {
    for (const { uuid, columns } of tables[table].values()) {
      texts.set(`${table} ${uuid}`, `present ${JSON.stringify(columns)}`);
    }
  }
  for (const root of tables.Open_vSwitch.values()) {
    for (const column of ["other_config", "external_ids"]) {
      const value = root.columns[column] ?? {};
      for (const [key, text] of Object.entries(value)) texts.set(`ovs ${column}:${key}`, `${text}`);
    }
  }
  return texts;
}

function noteDifference({ act }: Invoked, before: Tables, after: Tables): void {
  const old = describe(before);
  const now = describe(after);
  for (const object of new Set([...old.keys(), ...now.keys()])) {
    note(act, object, { before: old.get(object) ?? "absent", after: now.get(object) ?? "absent" });
  }
}

/** Warnings about ports that were put in by this very call and that vswitchd could not open. */
function warnings({ machine }: Invoked, inserted: readonly string[]): string {
  const errors = inserted.flatMap((name) => {
    const error = interfaceError(machine, name);
    if (error === undefined) return [];
    const where = "See ovs-vswitchd log for details.";
    return [`ovs-vsctl: Error detected while setting up '${name}': ${error}.  ${where}\n`];
  });
  const folder = 'ovs-vsctl: The default log directory is "/var/log/openvswitch".\n';
  return errors.length === 0 ? "" : `${errors.join("")}${folder}`;
}

function runAll(invoked: Invoked, segments: readonly Segment[]): Ended {
  const { machine } = invoked;
  const database = machine.ovsDatabase;
  const transaction = new Transaction(database, () => newMachineUuid(machine));
  const inserted: string[] = [];
  const format = segments[0]?.options.get("format") as OutputFormat | undefined;
  const columns = segments[0]?.options.get("columns");
  const named = withRowNames(segments, () => transaction.newUuid());
  const commands = named.filter(({ words }) => words.length > 0);
  const stdout = commands.map((segment) => {
    const command = check(segment);
    const options = new Map(segment.options);
    if (columns !== undefined && !options.has("columns")) options.set("columns", columns);
    const liveColumns: Invocation["liveColumns"] = (table, uuid) => {
      const row = table === "Interface" ? transaction.row("Interface", uuid) : undefined;
      return row === undefined || machine.boot.vswitchd === undefined
        ? {}
        : interfaceState(machine, row);
    };
    const args = segment.words.slice(1);
    return command.run({ transaction, args, options, format, inserted, liveColumns });
  });
  if (!commands.some((segment) => check(segment).changes)) return printed(stdout.join(""));
  const isWaiting = !segments.some(({ options }) => options.has("no-wait"));
  return commit(invoked, transaction, { inserted, stdout: stdout.join(""), isWaiting });
}

function commit(
  invoked: Invoked,
  transaction: Transaction,
  done: {
    readonly inserted: readonly string[];
    readonly stdout: string;
    readonly isWaiting: boolean;
  },
): Ended {
  const { machine, act } = invoked;
  checkReferences(machine.ovsDatabase.tables, transaction.tables);
  const { root } = transaction;
  const next = Number(root.columns["next_cfg"] ?? 0) + 1;
  const isRunning = machine.boot.vswitchd !== undefined;
  const applied = isRunning ? { cur_cfg: next } : {};
  transaction.update("Open_vSwitch", root.uuid, { next_cfg: next, ...applied });
  const before = machine.ovsDatabase.tables;
  machine.ovsDatabase.tables = transaction.tables;
  noteDifference(invoked, before, transaction.tables);
  reconfigure(act);
  if (isRunning || !done.isWaiting) {
    return {
      exitCode: 0,
      stdout: done.stdout,
      stderr: isRunning && done.isWaiting ? warnings(invoked, done.inserted) : "",
    };
  }
  const line = "|00001|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n";
  return failed(`${new Date(machine.clock.nowMs()).toISOString()}${line}`, ALARM_STATUS);
}

/** Never ends: without `--timeout` ovs-vsctl waits for a dead vswitchd for ever. */
const forever = (): Promise<Ended> => new Promise(() => undefined);

/** ovs-vsctl(8): every call is one transaction, its sub-commands joined by ` -- `. */
export function ovsVsctl(invoked: Invoked): Ended | Promise<Ended> {
  const { machine, args } = invoked;
  const segments = readSegments(args);
  const first = segments[0];
  if (first?.options.has("version") || first?.options.has("V")) {
    return printed(`ovs-vsctl (Open vSwitch) ${machine.spec.ovsVersion}\nDB Schema 8.3.1\n`);
  }
  if (!segments.some(({ words }) => words.length > 0)) {
    return failed("ovs-vsctl: missing command name (use --help for help)");
  }
  if (machine.boot.ovsdbPid === undefined) {
    return failed(`ovs-vsctl: ${SOCKET}: database connection failed (No such file or directory)`);
  }
  try {
    const ended = runAll(invoked, segments);
    return ended.exitCode === ALARM_STATUS && !first?.options.has("timeout") ? forever() : ended;
  } catch (error) {
    if (!(error instanceof OvsRefusal)) throw error;
    return failed(error.message === "" ? "" : `ovs-vsctl: ${error.message}`, error.exitCode);
  }
}
