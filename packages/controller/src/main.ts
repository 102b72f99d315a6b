import { SwitchyardError } from "@switchyard/model";
import {
  createLogger,
  createTracer,
  describeError,
  followLogLevel,
  notifyReady,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";
import { parseArguments, type Verb } from "./arguments.ts";
import { checkConfig } from "./check-config.ts";
import { checkHealth } from "./check-health.ts";
import { loadConfig, readLogLevel } from "./config.ts";
import { createController } from "./controller.ts";
import { initFolder } from "./init/init-folder.ts";
import { CONTROLLER_VERSION } from "./version.ts";

const EXIT_USAGE = 2;

const log = createLogger({ name: "switchyard-controller" });

/** A bug: state is in Postgres, so ending here and starting anew is the safe way on. */
function crash(error: unknown): void {
  log.error({ err: error }, "unexpected error; the process ends");
  process.exit(1);
}

const untilSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => resolve(signal));
    }
  });

async function serve(): Promise<number> {
  const signalled = untilSignal();
  const tracer = await createTracer({
    service: "switchyard-controller",
    version: CONTROLLER_VERSION,
    environment: process.env,
    ...{ clock: systemClock, random: systemRandom, log },
  });
  const config = await loadConfig(process.env, systemRandom);
  const levels = followLogLevel(config.log, () => readLogLevel(process.env));
  const controller = createController({ ...config, tracer });
  await controller.start();
  await notifyReady(process.env, log);
  const ended = controller.ended.then((reason) => {
    log.error({ reason }, "the controller can't go on");
    return 1;
  });
  const told = signalled.then((signal) => {
    log.info({ signal }, "the controller stops");
    return 0;
  });
  const code = await Promise.race([ended, told]);
  await controller.stop();
  await levels.stop();
  await tracer.stop();
  return code;
}

async function run(): Promise<number> {
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  try {
    return await serve();
  } catch (error) {
    const fields = error instanceof SwitchyardError ? error.metadata : {};
    log.error({ err: error, ...fields }, "the controller did not start");
    return 1;
  }
}

/** Runs what prints lines and ends. */
async function answer(lines: Promise<readonly string[]>): Promise<number> {
  try {
    for (const line of await lines) process.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(describeError(error));
    return 1;
  }
}

async function main(verb: Verb): Promise<number> {
  switch (verb.kind) {
    case "run":
      return run();
    case "check-config":
      return answer(checkConfig(process.env));
    case "check-health":
      return answer(checkHealth(process.env));
    case "init": {
      const made = initFolder({ ...verb, clock: systemClock, random: systemRandom });
      return answer(made.then((paths) => paths.map((path) => `made ${path}`)));
    }
    case "usage":
      process.stderr.write(verb.text);
      return EXIT_USAGE;
  }
}

process.exit(await main(parseArguments(process.argv.slice(2))));
