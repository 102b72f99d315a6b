import { runTool } from "../run.ts";

/** Has root install packages of the distribution, without recommended ones; others' calls do nothing. */
export async function installPackages(
  names: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  if (process.getuid?.() !== 0) return;
  say(`${names[0]} is not installed; installing the distribution's package`);
  await runTool(["apt-get", "update", "-qq"], {});
  await runTool(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...names], {});
}
