/** Names in the first column of /proc/modules, sorted. @see proc_modules(5) */
export const parseModules = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name !== "")
    .sort();
