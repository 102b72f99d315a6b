import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../generate/generate.ts";

const GENERATED = "packages/proto/src/gen";

function digests(root: string): ReadonlyMap<string, string> {
  const folder = join(root, GENERATED);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return new Map(
    files.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

/** Generates again and names the files that changed. */
export async function checkGeneratedFiles(root: string): Promise<readonly string[]> {
  const before = digests(root);
  generate(root);
  const after = digests(root);
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map(
      (name) =>
        `${GENERATED}/${name} is not what proto/ generates; commit what ./dev generate made`,
    );
}
