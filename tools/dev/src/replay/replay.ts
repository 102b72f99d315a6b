import { readFile, stat } from "node:fs/promises";
import { loadSnapshot } from "@switchyard/hostsim";
import {
  InvalidInputError,
  parseSnapshotDocument,
  SNAPSHOT_LIMITS,
  type SnapshotDocument,
} from "@switchyard/model";
import { createLogger } from "@switchyard/runtime";
import { createReport } from "../main-job/report.ts";
import { ensureNatsServer } from "../setup/nats-server.ts";
import { startStack } from "../stack/stack.ts";
import { untilInterrupted } from "../until-interrupted.ts";
import { describeLoaded } from "./describe-loaded.ts";

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/**
 * Starts a simulated host that is as an exported snapshot says, with its agent and a controller, so that a
 * bug report can be tried again. Says what the simulator can't express. With `--check` it only says so.
 */
export async function replay(root: string, args: readonly string[]): Promise<number> {
  const [file, ...more] = args.filter((arg) => arg !== "--check");
  if (file === undefined || more.length > 0 || file.startsWith("-")) {
    process.stderr.write("usage: ./dev replay FILE [--check]\n");
    return EXIT_USAGE;
  }
  let document: SnapshotDocument;
  try {
    document = await readDocument(file);
  } catch (error) {
    process.stderr.write(`dev: ${file}: ${describe(error)}\n`);
    return EXIT_FAILED;
  }
  const report = createReport(process.stdout);
  report.say("Everything below is SIMULATED: a model in memory, no hardware is touched.");
  const loaded = await loadSnapshot(document);
  report.show(describeLoaded(document, loaded));
  if (args.includes("--check")) return 0;
  await ensureNatsServer(report.say);
  const stack = await startStack({
    hosts: 0,
    loaded: [loaded.host],
    log: createLogger({ name: "switchyard-replay", file: `${root}/.run/replay.log` }),
  });
  try {
    report.part("Stays up; Ctrl-C ends it and everything it started");
    report.show(
      [
        `export SWY_ADDR=${stack.address}`,
        `./swy host get ${document.host}`,
        `./swy doctor ${document.host}`,
        "./swy profile create NAME -f PROFILE.yaml",
        `./swy plan create --host ${document.host}`,
      ].join("\n"),
    );
    await untilInterrupted();
  } finally {
    await stack.stop();
  }
  return 0;
}

/** @throws InvalidInputError SNAPSHOT_MALFORMED */
async function readDocument(file: string): Promise<SnapshotDocument> {
  const { size } = await stat(file);
  if (size > SNAPSHOT_LIMITS.jsonBytesMax) {
    throw new InvalidInputError("SNAPSHOT_MALFORMED", "the file is too large for a snapshot");
  }
  return parseSnapshotDocument(await readFile(file, "utf8"));
}

function describe(error: unknown): string {
  if (!(error instanceof InvalidInputError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { found, needs } = error.metadata;
  const facts = [found && `found ${found}`, needs && `needs ${needs}`].filter(Boolean);
  return `${error.message} [${error.reason}]${facts.map((fact) => `\n  ${fact}`).join("")}`;
}
