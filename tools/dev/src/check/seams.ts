import { sourceFiles } from "./source-files.ts";

/** Calls that would slip past a seam, with the seam to use. */
const FORBIDDEN: readonly { readonly pattern: RegExp; readonly use: string }[] = [
  { pattern: /\bDate\.now\(|new Date\(\)/, use: "use Clock, so that simulation controls time" },
  { pattern: /\bMath\.random\(|\brandomUUID\(/, use: "use Random, so that a seed repeats a run" },
  {
    pattern: /\b(setTimeout|setInterval)\(/,
    use: "use Clock.sleep, so that simulation controls timers",
  },
  { pattern: /shell:\s*true|\bexecSync\(/, use: "commands are argv arrays, never a shell string" },
];

/** Packages that are such a seam, or that no simulation runs: programs and libraries of people outside. */
const EXEMPT = /^packages\/(runtime|testkit|proto|client|cli)\//;

/** What a linter can't say: time, chance and processes come only from their seams. */
export function checkSeams(root: string): readonly string[] {
  return sourceFiles(root, "packages")
    .filter((file) => !file.isTest && !EXEMPT.test(file.path))
    .flatMap((file) =>
      file.text
        .split("\n")
        .flatMap((line, index) =>
          FORBIDDEN.filter(
            ({ pattern }) => pattern.test(line) && !line.trimStart().startsWith("*"),
          ).map(({ use }) => `${file.path}:${index + 1}: ${use}\n    ${line.trim()}`),
        ),
    );
}
