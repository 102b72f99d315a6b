import { SwitchyardError } from "@switchyard/model";

/** An error as a program prints it when it can't begin: reason and message, then its facts, one line each. */
export function describeError(error: unknown): string {
  if (!(error instanceof SwitchyardError)) {
    return `${error instanceof Error ? error.message : String(error)}\n`;
  }
  const facts = Object.entries(error.metadata).map(([name, value]) => `  ${name}: ${value}\n`);
  return `${error.reason}: ${error.message}\n${facts.join("")}`;
}
