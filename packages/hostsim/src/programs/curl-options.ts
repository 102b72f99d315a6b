/** What a call of curl asks for, from its arguments and its configuration together. */
export interface CurlOptions {
  readonly urls: readonly string[];
  readonly method: string | undefined;
  readonly headers: readonly string[];
  readonly data: string | undefined;
  /** `name:password`. */
  readonly user: string | undefined;
  readonly output: string | undefined;
  /** A byte offset, or `-`: what the output file has already. */
  readonly continueAt: string | undefined;
  readonly range: string | undefined;
  readonly maxTimeMs: number | undefined;
  readonly maxFileBytes: number | undefined;
  readonly pinnedKey: string | undefined;
  readonly caFile: string | undefined;
  readonly protocols: string | undefined;
  readonly writeOut: string | undefined;
  readonly isInsecure: boolean;
  readonly includesHeaders: boolean;
  readonly isHead: boolean;
  readonly failsOnError: boolean;
  readonly followsRedirects: boolean;
  readonly isSilent: boolean;
  readonly showsErrors: boolean;
}

export interface CurlRefusal {
  readonly exitCode: number;
  readonly message: string;
}

/** Options that take a value, by their long name. */
const VALUED = [
  "cacert",
  "config",
  "connect-timeout",
  "continue-at",
  "data",
  "data-binary",
  "data-raw",
  "header",
  "max-filesize",
  "max-redirs",
  "max-time",
  "netrc-file",
  "noproxy",
  "output",
  "pinnedpubkey",
  "proto",
  "range",
  "request",
  "retry",
  "retry-delay",
  "retry-max-time",
  "speed-limit",
  "speed-time",
  "url",
  "user",
  "user-agent",
  "write-out",
] as const;
const FLAGS = [
  "compressed",
  "create-dirs",
  "disable",
  "fail",
  "globoff",
  "head",
  "http1.1",
  "include",
  "insecure",
  "location",
  "netrc-optional",
  "remove-on-error",
  "show-error",
  "silent",
  "tlsv1.2",
] as const;

type Valued = (typeof VALUED)[number];
type Flag = (typeof FLAGS)[number];

const SHORT: Readonly<Record<string, Valued | Flag>> = {
  C: "continue-at",
  H: "header",
  I: "head",
  K: "config",
  L: "location",
  S: "show-error",
  X: "request",
  d: "data",
  f: "fail",
  g: "globoff",
  i: "include",
  k: "insecure",
  o: "output",
  q: "disable",
  r: "range",
  s: "silent",
  u: "user",
  w: "write-out",
};

const isValued = (name: string): name is Valued => VALUED.some((each) => each === name);
const isFlag = (name: string): name is Flag => FLAGS.some((each) => each === name);

class UnknownOption extends Error {}

interface Gathered {
  readonly values: Map<Valued, string[]>;
  readonly flags: Set<Flag>;
}

function take(gathered: Gathered, name: Valued, value: string): void {
  const former = gathered.values.get(name) ?? [];
  gathered.values.set(name, [...former, value]);
}

/** `-sS`, `-o FILE`, `-oFILE`. @returns how many further words were used */
function takeShort(gathered: Gathered, word: string, next: string | undefined): number {
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] as string; // at < word.length
    const name = SHORT[letter];
    if (name === undefined) throw new UnknownOption(`-${letter}`);
    if (isFlag(name)) gathered.flags.add(name);
    else {
      const rest = word.slice(at + 1);
      take(gathered, name, rest === "" ? (next ?? "") : rest);
      return rest === "" ? 1 : 0;
    }
  }
  return 0;
}

function takeArguments(gathered: Gathered, args: readonly string[]): void {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string; // at < args.length
    if (word === "--") {
      for (const url of args.slice(at + 1)) take(gathered, "url", url);
      return;
    }
    if (word.startsWith("--")) {
      const name = word.slice(2);
      if (isFlag(name)) gathered.flags.add(name);
      else if (isValued(name)) take(gathered, name, args[++at] ?? "");
      else throw new UnknownOption(word);
    } else if (word.startsWith("-") && word !== "-") {
      at += takeShort(gathered, word, args[at + 1]);
    } else take(gathered, "url", word);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", v: "\v" };

/** A quoted value, in which a backslash escapes; or the rest of the line up to a blank. */
function configValue(text: string): string {
  if (!text.startsWith('"')) return text.split(/\s/)[0] ?? "";
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? "";
  return quoted.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

/** Lines of `option = value`, `option value` or `option`. Source: curl(1), --config */
function takeConfig(gathered: Gathered, text: string): void {
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const parts = /^(?:--)?([a-zA-Z0-9.-]+)\s*(?:[=:]\s*|\s+|$)(.*)$/.exec(line);
    const [, name = "", value = ""] = parts ?? [];
    if (isFlag(name)) gathered.flags.add(name);
    else if (isValued(name)) take(gathered, name, configValue(value));
    else throw new UnknownOption(name);
  }
}

/**
 * Reads arguments, then the configuration they name.
 *
 * @param readConfig text of a configuration file, `-` being stdin
 */
export function parseCurlOptions(
  args: readonly string[],
  readConfig: (path: string) => string,
): CurlOptions | CurlRefusal {
  const gathered: Gathered = { values: new Map(), flags: new Set() };
  try {
    takeArguments(gathered, args);
    for (const path of gathered.values.get("config") ?? []) takeConfig(gathered, readConfig(path));
  } catch (error) {
    if (!(error instanceof UnknownOption)) throw error;
    return { exitCode: 2, message: `curl: option ${error.message}: is unknown` };
  }
  const options = optionsOf(gathered);
  if (options.urls.length > 0) return options;
  return { exitCode: 2, message: "curl: no URL specified!" };
}

function optionsOf({ values, flags }: Gathered): CurlOptions {
  const last = (name: Valued): string | undefined => values.get(name)?.at(-1);
  const numberOf = (name: Valued): number | undefined => {
    const text = last(name);
    return text === undefined ? undefined : Number(text);
  };
  const maxTime = numberOf("max-time");
  return {
    urls: values.get("url") ?? [],
    method: last("request"),
    headers: values.get("header") ?? [],
    data: last("data") ?? last("data-raw") ?? last("data-binary"),
    user: last("user"),
    output: last("output"),
    continueAt: last("continue-at"),
    range: last("range"),
    maxTimeMs: maxTime === undefined ? undefined : maxTime * 1000,
    maxFileBytes: numberOf("max-filesize"),
    pinnedKey: last("pinnedpubkey"),
    caFile: last("cacert"),
    protocols: last("proto"),
    writeOut: last("write-out"),
    isInsecure: flags.has("insecure"),
    includesHeaders: flags.has("include"),
    isHead: flags.has("head"),
    failsOnError: flags.has("fail"),
    followsRedirects: flags.has("location"),
    isSilent: flags.has("silent"),
    showsErrors: flags.has("show-error"),
  };
}
