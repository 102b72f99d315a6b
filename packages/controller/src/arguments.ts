import { parseArgs } from "node:util";

const USAGE = `usage: controller                                  run, by /etc/switchyard/controller.yaml and SY_… variables
       controller --check-config                   read the configuration as a start would, change nothing
       controller init [--folder DIR] --name NAME…  make the secrets of an installation, once
`;

/** What the program was told to do. */
export type Verb =
  | { readonly kind: "run" }
  | { readonly kind: "check-config" }
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
        folder: { type: "string" },
        name: { type: "string", multiple: true },
      },
    });
    const { folder, name: names } = values;
    const isInit = positionals.length === 1 && positionals[0] === "init";
    if (isInit && values["check-config"] !== true) {
      return { kind: "init", folder: folder ?? INIT_FOLDER, names: names ?? [] };
    }
    if (positionals.length === 0 && folder === undefined && names === undefined) {
      return { kind: values["check-config"] === true ? "check-config" : "run" };
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { kind: "usage", text: `${said}\n${USAGE}` };
  }
  return { kind: "usage", text: USAGE };
}
