import { createLogger, describeError } from "@switchyard/runtime";
import { runBroker } from "./run-broker.ts";

const USAGE = "usage: broker NATS_CONFIGURATION USERS_FILE\n";
const EXIT_USAGE = 2;

async function main(args: readonly string[]): Promise<number> {
  const [configFile, usersFile, ...rest] = args;
  if (configFile === undefined || usersFile === undefined || rest.length > 0) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const log = createLogger({ name: "switchyard-broker" });
  return runBroker({ configFile, usersFile, stopping: stop.signal, log });
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(describeError(error));
  process.exit(1);
}
