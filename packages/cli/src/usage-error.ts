/** The command line, or a value or file given on it, is not valid. */
export class UsageError extends Error {
  /** What is wrong, piece by piece; shown below the message. */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = []) {
    super(message);
    this.name = "UsageError";
    this.problems = problems;
  }
}
