import {
  findReference,
  parseResultFile,
  REFERENCE_NAMES,
  type Subject,
} from "@switchyard/analysis";
import { type ExperimentResult, InvalidInputError } from "@switchyard/model";
import { type Context, readNamedFile } from "../../context.ts";
import { toResult } from "../../input/experiment-result.ts";
import { resourceName } from "../../input/names.ts";
import { UsageError } from "../../usage-error.ts";

/** What was given is not valid: told as any other mistake in the command line. */
export function inUsage<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const facts = ["found", "needs"].flatMap((name) => {
      const fact = error.metadata[name];
      return fact === undefined ? [] : [`${name}  ${fact}`];
    });
    throw new UsageError(`${error.message} [${error.reason}]`, facts);
  }
}

/** The result of an experiment that the controller knows. */
export async function fetchResult(context: Context, experiment: string): Promise<ExperimentResult> {
  const { experiments } = await context.client();
  const name = resourceName("experiments", experiment);
  const answer = await experiments.getExperimentResult({ experiment: name });
  if (answer.endTime === undefined) context.talk(`${name} has not ended: its rounds so far`);
  return toResult(answer);
}

function referenceNamed(name: string): Subject {
  const figures = findReference(name);
  if (figures !== undefined) return { kind: "published", figures };
  throw new UsageError(`"${name}" is no reference; there is ${REFERENCE_NAMES.join(", ")}`);
}

const isFile = (text: string): boolean => text === "-" || /[./]/.test(text);

/**
 * What a word names: `reference/seed`, a file that was exported, or an experiment of the controller.
 *
 * @throws UsageError
 */
export async function readSubject(context: Context, word: string): Promise<Subject> {
  if (word.startsWith("reference/")) return referenceNamed(word);
  if (word.startsWith("experiments/") || !isFile(word)) {
    return { kind: "measured", result: await fetchResult(context, word) };
  }
  const text = await readNamedFile(context.io, word, "the command line");
  return { kind: "measured", result: inUsage(() => parseResultFile(text)) };
}

/** All at once; in the order given. */
export const readSubjects = (context: Context, words: readonly string[]) =>
  Promise.all(words.map((word) => readSubject(context, word)));
