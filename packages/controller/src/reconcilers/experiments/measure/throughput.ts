import {
  DispatchError,
  type Iperf3Run,
  iperf3Client,
  iperf3Server,
  type ThroughputReading,
} from "@switchyard/model";
import { parseIperf3 } from "@switchyard/planner";
import type { ExperimentParts } from "../parts.ts";
import { type MeasuredPair, runProgram } from "./guests.ts";

/** Ports that no service has; each run has another, so that no end of an earlier one is met. */
const FIRST_PORT = 5201;
const PORT_COUNT = 10_000;
/** The server may not listen yet when the client comes: the agent tells that it began, not that it is ready. */
const CONNECT_TRIES = 10;
const CONNECT_PAUSE_MS = 300;

export interface ThroughputRun {
  readonly reading: ThroughputReading;
  readonly client: string;
  readonly server: string;
}

type Parts = Pick<ExperimentParts, "store" | "dispatch" | "clock" | "random">;

interface Wanted extends Omit<Iperf3Run, "target" | "port"> {
  readonly pair: MeasuredPair;
  /** Called when the client sets out. */
  readonly onBegin: () => void;
}

const isRefused = (error: string): boolean => /Connection refused|busy running/.test(error);

const notMeasured = (error: string): DispatchError =>
  new DispatchError("MEASUREMENT_FAILED", error, {
    found: error,
    needs: "a report of iperf3 without an error",
  });

/**
 * One run of iperf3 from the first VM to the second.
 *
 * @throws DispatchError MEASUREMENT_FAILED, HOST_UNREACHABLE, SESSION_LOST and what the guest agent answered
 */
export async function measureThroughput(
  parts: Parts,
  { pair, onBegin, ...wanted }: Wanted,
  signal: AbortSignal,
): Promise<ThroughputRun> {
  const { sender, receiver } = pair;
  const port = FIRST_PORT + Math.floor(parts.random.float() * PORT_COUNT);
  const run: Iperf3Run = { ...wanted, port, target: receiver.address };
  const timeoutMs = wanted.durationMs + Math.max(sender.patienceMs, receiver.patienceMs);
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const { promise: isTaken, resolve: onTaken } = Promise.withResolvers<void>();
  const server = { guest: receiver, argv: iperf3Server(run), timeoutMs, onTaken };
  const serving = runProgram(parts, server, both);
  // Told below, before what the client makes of it.
  let lost: unknown;
  serving.catch((error: unknown) => {
    lost = error;
  });
  try {
    // Where its host does not answer, a client that is refused would be taken for a program that fails.
    await Promise.race([isTaken, serving]);
    for (let tries = 1; ; tries += 1) {
      onBegin();
      const client = await runProgram(
        parts,
        { guest: sender, argv: iperf3Client(run), timeoutMs },
        signal,
      );
      if (lost !== undefined) throw lost;
      const early = parseIperf3(client.stdout, "{}");
      if ("error" in early && isRefused(early.error) && tries < CONNECT_TRIES) {
        await parts.clock.sleep(CONNECT_PAUSE_MS, signal);
        continue;
      }
      if ("error" in early) throw notMeasured(`${early.error} ${client.stderr}`.trim());
      const served = await serving;
      const reading = parseIperf3(client.stdout, served.stdout);
      if ("error" in reading) throw notMeasured(`${reading.error} ${served.stderr}`.trim());
      return { reading, client: client.stdout, server: served.stdout };
    }
  } finally {
    over.abort();
  }
}
