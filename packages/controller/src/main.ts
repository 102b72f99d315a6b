import { SwitchyardError } from "@switchyard/model";
import { createLogger, systemRandom } from "@switchyard/runtime";
import { loadConfig } from "./config.ts";
import { createController } from "./controller.ts";

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

async function run(): Promise<number> {
  const signalled = untilSignal();
  const controller = createController(await loadConfig(process.env, systemRandom));
  await controller.start();
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
  return code;
}

process.on("unhandledRejection", crash);
process.on("uncaughtException", crash);
try {
  process.exit(await run());
} catch (error) {
  const fields = error instanceof SwitchyardError ? error.metadata : {};
  log.error({ err: error, ...fields }, "the controller did not start");
  process.exit(1);
}
