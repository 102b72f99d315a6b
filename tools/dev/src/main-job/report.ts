/** Prints what a scenario does and keeps count of what it verified. */
export interface Report {
  /** A heading for the next part. */
  part(title: string): void;
  /** A line of plain information. */
  say(line: string): void;
  /** Text as a tool printed it. */
  show(text: string): void;
  /** States that something was verified, or was not. */
  verify(isTrue: boolean, what: string): void;
  readonly failures: readonly string[];
  readonly verifiedCount: number;
}

/** A report for a terminal or a CI log: plain words carry the meaning, colour only where there is a TTY. */
export function createReport(out: NodeJS.WriteStream): Report {
  const paint = (code: number, text: string) =>
    out.isTTY && process.env["NO_COLOR"] === undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  const failures: string[] = [];
  let verifiedCount = 0;
  let partNumber = 0;
  const begin = performance.now();
  return {
    part: (title) => {
      partNumber += 1;
      const elapsed = `${((performance.now() - begin) / 1000).toFixed(1)} s`;
      out.write(`\n${paint(1, `${partNumber}. ${title}`)}  ${paint(2, elapsed)}\n`);
    },
    say: (line) => void out.write(`   ${line}\n`),
    show: (text) => void out.write(`${text.trimEnd().replaceAll(/^/gm, "   | ")}\n`),
    verify: (isTrue, what) => {
      verifiedCount += 1;
      if (!isTrue) failures.push(what);
      out.write(`   ${isTrue ? paint(32, "ok  ") : paint(31, "FAIL")} ${what}\n`);
    },
    get failures() {
      return failures;
    },
    get verifiedCount() {
      return verifiedCount;
    },
  };
}

/** Says how many of the statements held, names the others, and answers with the exit status. */
export function conclude({ verifiedCount, failures }: Report, out: NodeJS.WriteStream): number {
  out.write(`\n${verifiedCount - failures.length} verified, ${failures.length} failed\n`);
  for (const failure of failures) out.write(`  failed: ${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}
