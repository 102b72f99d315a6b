import { processIo } from "./io.ts";
import { runCli } from "./run.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), processIo(interrupt.signal));
