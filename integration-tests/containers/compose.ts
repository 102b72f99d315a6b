import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Engine } from "@switchyard/dev/containers";
import { systemRandom } from "@switchyard/runtime";
import { freePort } from "@switchyard/testkit";

const FILE = fileURLToPath(new URL("../../deploy/containers/compose.yaml", import.meta.url));
/** Twelve containers begin on a machine that does much else. */
const COMMAND_MS = 300_000;
const run = promisify(execFile);

/** Hosts of the compose file. */
export const COMPOSE_HOSTS = 6;

/**
 * Runs a command of compose with the file, on an engine, as a project of its own beside others.
 *
 * @returns what it prints
 * @throws Error with what it said
 */
export type Compose = (...args: readonly string[]) => Promise<string>;

/** Why there is none. */
export interface NoCompose {
  readonly reason: string;
}

/** The plug-in of the docker client, else Debian's docker-compose 1.29, which reads the same file. */
export async function findCompose(engine: Engine): Promise<Compose | NoCompose> {
  for (const [program, ...words] of [["docker", "compose"], ["docker-compose"]] as const) {
    const isThere = await run(program, [...words, "version"]).then(
      () => true,
      () => false,
    );
    if (isThere) return composeBy(engine, program, words);
  }
  return { reason: "neither docker compose nor docker-compose is installed" };
}

async function composeBy(
  engine: Engine,
  program: string,
  words: readonly string[],
): Promise<Compose> {
  const env = {
    ...process.env,
    DOCKER_HOST: engine.host,
    // Images are there; what they are built from is asked for all the same.
    SWITCHYARD_CONTEXT: fileURLToPath(new URL(".", import.meta.url)),
    SWITCHYARD_PORT: String(await freePort()),
    COMPOSE_PROJECT_NAME: `sy-${systemRandom.hex(4)}`,
  };
  return async (...args) => {
    const all = [...words, "--file", FILE, ...args];
    const { stdout } = await run(program, all, { env, timeout: COMMAND_MS });
    return stdout;
  };
}
