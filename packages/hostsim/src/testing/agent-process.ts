import { connectSimHost } from "../server/sim-host-client.ts";

/*
 * A process that works on a host until it is killed: it gets the socket's path and command lines, runs
 * them one after the other.
 */

const [socketPath = "", ...lines] = process.argv.slice(2);
const host = await connectSimHost({ socketPath });
for (const line of lines) {
  await host.run({ argv: line.split(" ") as [string, ...string[]] });
}
host.close();
