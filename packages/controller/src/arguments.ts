import { parseArgs } from "node:util";

const USAGE = `usage: controller                                  run, by /etc/switchyard/controller.yaml and SY_… variables
       controller --check-config                   read the configuration as a start would, change nothing
       controller --check-health                   ask the one that runs here whether it serves
       controller init [--folder DIR] --name NAME…  make the secrets of an installation, once
`;

/** What the program was told to do. */
export type Verb =
  | { readonly kind: "run" }
  | { readonly kind: "check-config" }
  | { readonly kind: "check-health" }
  | { readonly kind: "init"; readonly folder: string; readonly names: readonly string[] }
  | { readonly kind: "usage"; readonly text: string };

const INIT_FOLDER = "/etc/switchyard";

/** Never throws: what can't be understood is answered with the usage. */
export function parseArguments(args: readonly string[]): Verb {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "check-config": { type: "boolean" },
        "check-health": { type: "boolean" },
        folder: { type: "string" },
        name: { type: "string", multiple: true },
      },
    });
    const { folder, name: names } = values;
    const checks = (["check-config", "check-health"] as const).filter((each) => values[each]);
    const isInit = positionals.length === 1 && positionals[0] === "init";
    if (isInit && checks.length === 0) {
      return { kind: "init", folder: folder ?? INIT_FOLDER, names: names ?? [] };
    }
    const [check, ...more] = checks;
    const isPlain = folder === undefined && names === undefined && more.length === 0;
    if (positionals.length === 0 && isPlain) return { kind: check ?? "run" };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { kind: "usage", text: `${said}\n${USAGE}` };
  }
  return { kind: "usage", text: USAGE };
}
