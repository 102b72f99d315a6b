import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { diagnosisPage } from "./diagnosis-page.ts";
import { writeProtoIndex } from "./proto-index.ts";

/** Makes packages/proto/src/gen from proto/, and docs/diagnosis.md. Running it again changes nothing. */
export function generate(root: string): void {
  const gen = join(root, "packages/proto/src/gen");
  execFileSync("buf", ["generate"], { cwd: root, stdio: "inherit" });
  writeProtoIndex(gen);
  writeDescriptorSet(root, gen);
  writeFileSync(join(root, "docs/diagnosis.md"), diagnosisPage());
}

/** The descriptor set as a module, so that reflection works from a bundle too. */
function writeDescriptorSet(root: string, gen: string): void {
  const set = execFileSync(
    "buf",
    ["build", "proto", "--exclude-source-info", "-o", "-#format=binpb"],
    {
      cwd: root,
    },
  );
  const text = set.toString("base64").replaceAll(/.{100}/g, (line) => `${line}\\\n`);
  writeFileSync(
    join(gen, "descriptor-set.ts"),
    `// Made by \`./dev generate\`: FileDescriptorSet of proto/, base64.\nexport const DESCRIPTOR_SET_BASE64 =\n  "${text}";\n`,
  );
}
