import { readFile } from "node:fs/promises";
import { parse } from "yaml";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the file and the environment say, unchecked: text from the environment, anything from the file. */
export type ConfigValues<Key extends string> = Readonly<Partial<Record<Key, unknown>>>;

export interface ConfigSource<Key extends string> {
  readonly environment: Environment;
  /** Read unless `SY_CONFIG` names another file; either may be absent. */
  readonly defaultPath: string;
  readonly keys: readonly Key[];
  /** Makes the error for a place in the configuration and what belongs there. */
  readonly invalid: (place: string, needs: string) => Error;
}

/**
 * Reads a process's configuration: a YAML file with the keys, then `SY_…` variables (`SY_DATA_FOLDER` for
 * `data_folder`), which win. Empty variables count as not set.
 *
 * @throws what `invalid` makes, for a file that holds no keys or an unknown one
 */
export async function readConfigValues<Key extends string>(
  source: ConfigSource<Key>,
): Promise<ConfigValues<Key>> {
  const path = source.environment["SY_CONFIG"] ?? source.defaultPath;
  const fromFile = valuesOfFile(await readIfPresent(path), path, source);
  return { ...fromFile, ...valuesOfEnvironment(source) };
}

async function readIfPresent(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function valuesOfFile<Key extends string>(
  text: string,
  path: string,
  { keys, invalid }: ConfigSource<Key>,
): ConfigValues<Key> {
  const document: unknown = parseYaml(text, path, invalid) ?? {};
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw invalid(path, "keys with values");
  }
  const known: readonly string[] = keys;
  const unknown = Object.keys(document).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(unknown, `one of ${keys.join(", ")}`);
  return document as ConfigValues<Key>;
}

function parseYaml(text: string, path: string, invalid: ConfigSource<string>["invalid"]): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw invalid(path, `YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function valuesOfEnvironment<Key extends string>({
  environment,
  keys,
}: ConfigSource<Key>): ConfigValues<Key> {
  const entries = keys.map((key) => [key, environment[`SY_${key.toUpperCase()}`]] as const);
  const given = entries.filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(given) as ConfigValues<Key>;
}
