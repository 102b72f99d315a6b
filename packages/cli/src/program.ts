import { Command, Option } from "commander";
import { ALIASES, NOUNS, type NounEntry, ROOT_VERBS, type VerbEntry } from "./commands/registry.ts";
import type { Context } from "./context.ts";
import type { ExitCode, ProgramStatus } from "./exit-codes.ts";
import type { CliIo } from "./io.ts";
import { COLOR_WHEN } from "./output/style.ts";
import {
  DEFAULT_ADDRESS,
  type GlobalOptions,
  OUTPUT_FORMATS,
  SPECIAL_FORMATS,
} from "./settings.ts";
import { UsageError } from "./usage-error.ts";
import type { Verb } from "./verb.ts";

export interface ProgramHooks {
  readonly io: CliIo;
  /** Makes the context from the global options, once they are parsed, and the command's words. */
  readonly open: (options: GlobalOptions, name: string) => Context;
  readonly finish: (code: ExitCode | ProgramStatus | undefined) => void;
}

/** The command tree. Verbs are loaded when commander reaches them. */
export function buildProgram(hooks: ProgramHooks): Command {
  const program = new Command("swy")
    .description(
      "Switchyard turns servers with SmartNICs into hosts of VMs with hardware networking.",
    )
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => hooks.io.stdout.write(text),
      writeErr: (text) => hooks.io.stderr.write(text),
    });
  addGlobalOptions(program);
  addNouns(program, NOUNS, hooks);
  addVerbs(program, ROOT_VERBS, hooks);
  return program;
}

/** Options that every command takes. */
export function addGlobalOptions(program: Command): void {
  program
    .option("--address <host:port>", `controller; else SWY_ADDR, else ${DEFAULT_ADDRESS}`)
    .addOption(
      new Option(
        "-o, --output <format>",
        "how to show data; csv, markdown, svg: only some commands",
      ).choices([...OUTPUT_FORMATS, ...SPECIAL_FORMATS]),
    )
    .option("--no-headers", "tables without their first line")
    .addOption(new Option("--color <when>", "when to use colour").choices(COLOR_WHEN))
    .option("--timeout <duration>", "bound on the call, or on the wait: 30s, 5m")
    .option("--ca-file <file>", "CA certificate of the controller; else SWY_CA_FILE")
    .option("--token-file <file>", "file with the bearer token; else SWY_TOKEN_FILE")
    .option("--debug", "show where an error came from");
}

function addNouns(parent: Command, nouns: readonly NounEntry[], hooks: ProgramHooks): void {
  for (const noun of nouns) {
    const command = parent.command(noun.name).description(noun.summary).helpCommand(false);
    addVerbs(command, noun.verbs, hooks);
    addNouns(command, noun.nouns ?? [], hooks);
  }
}

function addVerbs(parent: Command, verbs: readonly VerbEntry[], hooks: ProgramHooks): void {
  const entries = new Map<Command, VerbEntry>();
  for (const entry of verbs) {
    const command = parent.command(entry.name).description(entry.summary);
    const alias = ALIASES[entry.name];
    if (alias !== undefined) command.alias(alias);
    entries.set(command, entry);
  }
  parent.hook("preSubcommand", async (_parent, command) => {
    const entry = entries.get(command);
    if (entry !== undefined) await loadVerb(command, entry, hooks);
  });
}

/** `swy vm create` of the command that does it. */
const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

async function loadVerb(command: Command, entry: VerbEntry, hooks: ProgramHooks): Promise<void> {
  const { verb } = await entry.load();
  verb.configure(command);
  command.action(async () => {
    const options = command.optsWithGlobals<GlobalOptions>();
    refuseUnknownFormat(verb, options);
    const args = command.processedArgs.flat().filter((arg) => arg !== undefined) as string[];
    hooks.finish(await verb.run({ context: hooks.open(options, nameOf(command)), args, options }));
  });
}

/** Before anything is done. @throws UsageError */
function refuseUnknownFormat({ formats = [] }: Verb, { output = "" }: GlobalOptions): void {
  const special = SPECIAL_FORMATS.find((format) => format === output);
  if (special === undefined || formats.includes(special)) return;
  const known = [...OUTPUT_FORMATS, ...formats].join(", ");
  throw new UsageError(`-o ${output} is not for this command; it takes ${known}`);
}
