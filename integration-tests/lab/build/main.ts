// Builds the lab's parts, or finds them built: `node integration-tests/lab/build/main.ts`.
import { ensureLabArtefacts } from "./artefacts.ts";
import { LabBuildError } from "./steps.ts";

try {
  await ensureLabArtefacts((line) => process.stdout.write(`${line}\n`));
} catch (error) {
  if (!(error instanceof LabBuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
