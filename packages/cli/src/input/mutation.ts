import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";

/** Options of verbs that change something. */
export interface MutationOptions {
  readonly requestId?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly yes?: boolean;
}

/**
 * Adds the options that a mutation takes.
 *
 * @param can.dryRun the method has validate_only
 * @param can.wait   the method starts a job
 */
export function addMutationOptions(
  command: Command,
  can: { readonly dryRun: boolean; readonly wait: boolean },
): void {
  if (can.dryRun) command.option("--dry-run", "check everything on the server and change nothing");
  if (can.wait) {
    command.addOption(new Option("--wait", "wait for the job to end").default(true));
    command.option("--no-wait", "return as soon as the job was made");
  }
  command.option(
    "--request-id <id>",
    "the same id gets the same answer, and nothing is done twice",
  );
  command.option("-y, --yes", "do not ask");
}

/** The id given, or a new one: a call that is sent again by itself must not act twice. */
export const requestIdOf = ({ requestId }: MutationOptions): string =>
  requestId ?? `swy-${randomBytes(16).toString("hex")}`;

/** Tells, for people and programs alike, that nothing happened. */
export const DRY_RUN_NOTE = "dry run: nothing was changed";
