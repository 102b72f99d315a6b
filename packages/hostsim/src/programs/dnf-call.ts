import type { Ended, Invoked } from "./program.ts";

/** A call of dnf, its command apart. */
export interface Call extends Invoked {
  readonly options: readonly string[];
  readonly words: readonly string[];
}

/** Where the words of a call end and a failed answer begins. */
export const ended = (exitCode: number, stdout: string, stderr: string): Ended => ({
  exitCode,
  stdout,
  stderr,
});
