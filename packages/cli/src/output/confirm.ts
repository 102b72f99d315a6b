import type { Context } from "../context.ts";
import { UsageError } from "../usage-error.ts";

/** What a person is asked before something is changed. */
export interface Question {
  /** What will happen, the count of VMs hit included. */
  readonly summary: string;
  /** Text to be typed for what can't be taken back; undefined: `y` will do. */
  readonly typed?: string;
}

/**
 * Asks on a terminal. Without one nobody can answer, so that fails at once unless --yes was given.
 *
 * @returns whether to go on
 * @throws UsageError where nobody can be asked
 */
export async function confirm(
  context: Context,
  question: Question,
  isYes: boolean | undefined,
): Promise<boolean> {
  if (isYes === true) return true;
  if (!context.io.canAsk) {
    throw new UsageError(`${question.summary}: not without --yes, as nobody can be asked here`);
  }
  context.talk(question.summary);
  const { typed } = question;
  const prompt = typed === undefined ? "Go on? [y/N] " : `Type ${typed} to go on: `;
  const answer = (await context.io.ask(prompt)).trim();
  const isAgreed = typed === undefined ? /^y(es)?$/i.test(answer) : answer === typed;
  if (!isAgreed) context.talk("nothing was changed");
  return isAgreed;
}
