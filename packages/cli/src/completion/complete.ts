import { type Argument, Command, type Option } from "commander";
import {
  ALIASES,
  NOUNS,
  type NounEntry,
  ROOT_VERBS,
  type VerbEntry,
} from "../commands/registry.ts";
import { createContext } from "../context.ts";
import type { CliIo } from "../io.ts";
import { addGlobalOptions } from "../program.ts";
import { type GlobalOptions, readSettings } from "../settings.ts";
import { type Candidate, LIVE_NAMES } from "./live-names.ts";

/** A person waits with a finger on the key. */
const TIMEOUT = "1s";
/** Verbs whose argument is a name that does not exist yet. */
const MAKING_VERBS: readonly string[] = ["create", "import", "enroll"];

/** Where the words have led: the nouns and verbs that come next, or the verb they end at. */
interface Place {
  readonly nouns: readonly NounEntry[];
  readonly verbs: readonly VerbEntry[];
  readonly verb: VerbEntry | undefined;
  /** Positional words after the verb. */
  readonly positionals: readonly string[];
  /** The option that waits for its value. */
  readonly pending: Option | undefined;
}

const globalOptions = (): readonly Option[] => {
  const program = new Command();
  addGlobalOptions(program);
  return program.options;
};

async function shapeOf(verb: VerbEntry): Promise<Command> {
  const command = new Command(verb.name);
  (await verb.load()).verb.configure(command);
  return command;
}

const takesValue = (option: Option): boolean => option.required || option.optional;
const isNamed = (name: string, word: string): boolean => name === word || ALIASES[name] === word;

/** Walks the words before the one that is typed. */
async function walk(
  words: readonly string[],
): Promise<Place & { readonly options: readonly Option[] }> {
  let nouns = NOUNS;
  let verbs = ROOT_VERBS;
  let verb: VerbEntry | undefined;
  let options = globalOptions();
  let pending: Option | undefined;
  let isLiteral = false;
  const positionals: string[] = [];
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    if (word === "--") {
      isLiteral = true;
      continue;
    }
    if (!isLiteral && word.startsWith("-")) {
      const option = options.find(({ short, long }) => word === short || word === long);
      if (option !== undefined && takesValue(option)) pending = option;
      continue;
    }
    const noun = verb === undefined ? nouns.find(({ name }) => name === word) : undefined;
    if (verb !== undefined) positionals.push(word);
    else if (noun !== undefined) {
      verbs = noun.verbs;
      nouns = noun.nouns ?? [];
    } else {
      verb = verbs.find(({ name }) => isNamed(name, word));
      if (verb === undefined)
        return { nouns: [], verbs: [], verb, positionals, pending, options: [] };
      options = [...(await shapeOf(verb)).options, ...options];
    }
  }
  return { nouns, verbs, verb, positionals, pending, options };
}

/** `<vm>` and `<host>` in help are `vm` and `host` here. */
const placeholderOf = ({ flags }: Option): string => /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? "";

const choices = (values: readonly string[]): readonly Candidate[] =>
  values.map((value) => ({ value, summary: "" }));

/** Names that the controller knows, by what help calls them. */
async function liveNames(io: CliIo, words: readonly string[], kind: string) {
  const fetch = Object.hasOwn(LIVE_NAMES, kind) ? LIVE_NAMES[kind] : undefined;
  if (fetch === undefined) return [];
  const settings = readSettings({ ...globalsOf(words), timeout: TIMEOUT }, io.env);
  const context = createContext(io, settings);
  try {
    return await fetch(await context.client());
  } finally {
    await context.close(0);
  }
}

/** How to reach the controller, where the line says so. */
function globalsOf(words: readonly string[]): GlobalOptions {
  const valueAfter = (flag: string) => {
    const at = words.indexOf(flag);
    return at < 0 ? undefined : words[at + 1];
  };
  const address = valueAfter("--address");
  const caFile = valueAfter("--ca-file");
  const tokenFile = valueAfter("--token-file");
  return {
    ...(address !== undefined && { address }),
    ...(caFile !== undefined && { caFile }),
    ...(tokenFile !== undefined && { tokenFile }),
  };
}

const argumentAt = (command: Command, at: number): Argument | undefined =>
  command.registeredArguments[at] ??
  command.registeredArguments.findLast((argument) => argument.variadic);

async function candidates(io: CliIo, words: readonly string[]): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const typed = words.at(-1) ?? "";
  const { nouns, verbs, verb, positionals, pending, options } = await walk(before);
  if (pending !== undefined) {
    const { argChoices } = pending;
    return argChoices === undefined
      ? liveNames(io, before, placeholderOf(pending))
      : choices(argChoices);
  }
  if (typed.startsWith("-")) {
    return options
      .filter(({ hidden }) => !hidden)
      .map(({ long, short, description }) => ({
        value: long ?? short ?? "",
        summary: description,
      }));
  }
  if (verb === undefined) {
    const commands = [...nouns, ...verbs];
    return commands.map(({ name, summary }) => ({ value: name, summary }));
  }
  if (MAKING_VERBS.includes(verb.name) && positionals.length === 0) return [];
  const argument = argumentAt(await shapeOf(verb), positionals.length);
  if (argument?.argChoices !== undefined) return choices(argument.argChoices);
  return argument === undefined ? [] : liveNames(io, before, argument.name());
}

/**
 * What could stand in the place of the last word, a line each: the word, a tab, what it is. Asks the controller for
 * live names, for a second at most; says nothing where that fails.
 *
 * @param words of the command line after `swy`; the last is the one being typed, and may be empty
 */
export async function complete(words: readonly string[], io: CliIo): Promise<void> {
  const typed = words.at(-1) ?? "";
  const found = await candidates(io, words).catch((): readonly Candidate[] => []);
  for (const { value, summary } of found) {
    if (!value.startsWith(typed)) continue;
    io.stdout.write(`${value}\t${summary.replaceAll(/\s+/g, " ")}\n`);
  }
}
