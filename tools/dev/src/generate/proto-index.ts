import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Names every generated file exports for its own use. */
const PRIVATE_NAMES = new Set([
  "protobufPackage",
  "protobufFileName",
  "DeepPartial",
  "Exact",
  "MessageFns",
]);

/** Files whose names are of use to others; the rest is reached through these. */
const PUBLIC_FOLDERS = ["google/rpc", "switchyard/v1"];

const EXPORT = /^export (?:declare )?(const|interface|type|function) (\w+)/gm;

/** Writes the generated package's index: every public name once, types marked as such. */
export function writeProtoIndex(genFolder: string): void {
  const blocks = PUBLIC_FOLDERS.flatMap((folder) =>
    readdirSync(join(genFolder, folder))
      .sort()
      .map((file) => exportBlock(genFolder, `${folder}/${file}`)),
  );
  const header = "// Made by `./dev generate` from the names in the files beside it.\n";
  writeFileSync(join(genFolder, "index.ts"), header + blocks.join("\n"));
}

function exportBlock(genFolder: string, file: string): string {
  const kinds = new Map<string, Set<string>>();
  for (const [, kind, name] of readFileSync(join(genFolder, file), "utf8").matchAll(EXPORT)) {
    if (kind === undefined || name === undefined || PRIVATE_NAMES.has(name)) continue;
    kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
  }
  const names = [...kinds].map(([name, found]) =>
    found.has("const") || found.has("function") ? name : `type ${name}`,
  );
  return `export {\n${names.map((name) => `  ${name},\n`).join("")}} from "./${file}";\n`;
}
