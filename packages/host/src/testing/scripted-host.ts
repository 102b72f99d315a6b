import { CommandError } from "@switchyard/model";
import {
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  type LineSocket,
} from "../port/host.ts";

/** What a program answers; left out: status 0 and no output. */
export interface Reply {
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface Script {
  /** By the arguments joined with spaces. A program that is not here is not installed. */
  readonly commands?: Readonly<Record<string, Reply>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  /** What a write does instead of changing the file: an errno name, or an effect. */
  readonly writes?: Readonly<Record<string, string | ((host: ScriptedHost) => void)>>;
  /** By path: the lines a peer sends for each line it gets; `open` are sent unasked. */
  readonly sockets?: Readonly<Record<string, ScriptedPeer>>;
}

export interface ScriptedPeer {
  readonly open?: readonly string[];
  readonly answer: (line: string) => readonly string[];
}

/** A Host in memory that answers by script and remembers what was asked of it. */
export interface ScriptedHost extends Host {
  readonly ran: string[];
  readonly written: string[];
  readonly files: Map<string, string>;
  readonly links: Map<string, string>;
}

export function createScriptedHost(script: Script): ScriptedHost {
  const files = new Map(Object.entries(script.files ?? {}));
  const links = new Map(Object.entries(script.links ?? {}));
  const ran: string[] = [];
  const written: string[] = [];
  const childrenOf = (path: string) =>
    [...files.keys(), ...links.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1).split("/")[0] ?? "");
  const exists = (path: string) =>
    files.has(path) || links.has(path) || childrenOf(path).length > 0;
  const existing = (map: ReadonlyMap<string, string>, path: string): string => {
    const value = map.get(path);
    if (value === undefined) throw new HostFileError("ENOENT", path);
    return value;
  };

  const host: ScriptedHost = {
    kind: "simulated",
    ran,
    written,
    files,
    links,
    run: async (command) => run(script, ran, command),
    readFile: async (path) => existing(files, path),
    writeFile: async (path, text) => {
      const effect = script.writes?.[path];
      if (typeof effect === "string") throw new HostFileError(effect, path);
      if (effect === undefined) existing(files, path);
      written.push(`${path}=${text}`);
      if (effect === undefined) files.set(path, text);
      else effect(host);
    },
    replaceFile: async (path, text) => void files.set(path, text),
    remove: async (path) => void files.delete(path),
    listFolder: async (path) => {
      const names = [...new Set(childrenOf(path))].sort();
      if (names.length === 0) throw new HostFileError("ENOENT", path);
      return names;
    },
    readLink: async (path) => existing(links, path),
    exists: async (path) => exists(path) || script.sockets?.[path] !== undefined,
    readRange: async (path, offset, length) =>
      Buffer.from(existing(files, path)).subarray(offset, offset + length),
    writeRange: async (path, offset, bytes) => {
      const before = Buffer.from(files.get(path) ?? "");
      const after = Buffer.alloc(Math.max(before.length, offset + bytes.length));
      before.copy(after);
      after.set(bytes, offset);
      files.set(path, after.toString());
    },
    makeFolder: async (path) => void written.push(`mkdir ${path}`),
    connectSocket: async (path) => {
      const peer = script.sockets?.[path];
      if (peer === undefined) throw new HostFileError("ENOENT", path);
      return createScriptedSocket(peer);
    },
    connectByteSocket: async (path) => {
      throw new HostFileError("ENOENT", path);
    },
    reboot: async (reason) => void ran.push(`reboot ${reason}`),
  };
  return host;
}

function run(script: Script, ran: string[], command: Command): CommandResult {
  const key = command.argv.join(" ");
  ran.push(key);
  const reply = script.commands?.[key];
  if (reply === undefined) {
    throw new CommandError("COMMAND_NOT_STARTED", `${command.argv[0]} is not scripted: ${key}`);
  }
  const { exitCode = 0, stdout = "", stderr = "" } = reply;
  return { exitCode, stdout, stderr, durationMs: 0, isTruncated: false };
}

/** A silent peer lets the wait end at once, as if its time were up. */
function createScriptedSocket(peer: ScriptedPeer): LineSocket {
  const lines = [...(peer.open ?? [])];
  return {
    send: (line) => void lines.push(...peer.answer(line)),
    receive: async () => lines.shift(),
    close: () => undefined,
  };
}
