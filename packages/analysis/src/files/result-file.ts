import {
  EXPERIMENT_MODES,
  type ExperimentResult,
  type ExperimentRound,
  InvalidInputError,
  parseHostId,
} from "@switchyard/model";
import { createReader, type Reader } from "./reader.ts";

/** Of every exported file, so that no other JSON is taken for one. */
const FORMAT = "switchyard-experiment";
const VERSION = 1;
/** Characters; a hundred rounds with ten thousand pings each stay below. */
const LENGTH_MAX = 64 * 1024 * 1024;

/** A result as a file: everything that was measured, raw. */
export const formatResultFile = (result: ExperimentResult): string =>
  `${JSON.stringify({ format: FORMAT, version: VERSION, ...result }, null, 2)}\n`;

const host = (reader: Reader) => parseHostId(reader.member("host").text());
const numbers = (reader: Reader): readonly number[] => reader.list((item) => item.number());

function readRound(reader: Reader): ExperimentRound {
  const throughput = reader.member("throughput");
  const latency = reader.optional("latency");
  const offload = reader.optional("offload");
  return {
    mode: reader.member("mode").oneOf(EXPERIMENT_MODES),
    round: reader.member("round").number(1),
    startedAtMs: reader.member("startedAtMs").number(),
    throughput: {
      tool: throughput.member("tool").text(),
      bitsPerSecond: throughput.member("bitsPerSecond").number(),
      bitsPerSecondOfIntervals: numbers(throughput.member("bitsPerSecondOfIntervals")),
      bytes: throughput.member("bytes").number(),
      seconds: throughput.member("seconds").number(),
      streamCount: throughput.member("streamCount").number(1),
      retransmits: throughput.member("retransmits").number(),
    },
    latency: latency && {
      tool: latency.member("tool").text(),
      sent: latency.member("sent").number(),
      received: latency.member("received").number(),
      roundTripMicros: numbers(latency.member("roundTripMicros")),
    },
    cpu: reader.member("cpu").list((item) => ({
      host: host(item),
      busyThreads: item.member("busyThreads").number(),
    })),
    power: reader.member("power").list((item) => ({
      host: host(item),
      source: item.member("source").oneOf(["rapl", "ipmi", "redfish"]),
      joules: item.member("joules").number(),
      seconds: item.member("seconds").number(),
      idleWatts: item.optional("idleWatts")?.number(),
    })),
    ...(offload !== undefined && {
      offload: offload.list((item) => ({
        host: host(item),
        isProven: item.member("isProven").flag(),
        found: item.member("found").text(),
      })),
    }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError("EXPERIMENT_FILE_MALFORMED", "this is no exported experiment", {
      found: error instanceof Error ? error.message : String(error),
      needs: "a JSON document",
    });
  }
}

/**
 * Reads what `formatResultFile` wrote.
 *
 * @throws InvalidInputError EXPERIMENT_FILE_MALFORMED with the path of what does not fit
 */
export function parseResultFile(text: string): ExperimentResult {
  if (text.length > LENGTH_MAX) {
    throw new InvalidInputError("EXPERIMENT_FILE_MALFORMED", "the file is too long", {
      found: `${text.length} characters`,
      needs: `at most ${LENGTH_MAX}`,
    });
  }
  const reader = createReader(parseJson(text));
  reader.member("format").oneOf([FORMAT]);
  const version = reader.member("version").number();
  if (version !== VERSION) {
    throw new InvalidInputError("EXPERIMENT_FILE_MALFORMED", "the file is of another release", {
      found: `version ${version}`,
      needs: `version ${VERSION}`,
    });
  }
  return {
    experiment: reader.member("experiment").text(),
    ground: reader.member("ground").oneOf(["real", "lab", "simulated", "reference"]),
    startedAtMs: reader.member("startedAtMs").number(),
    endedAtMs: reader.member("endedAtMs").number(),
    environment: reader.member("environment").list((item) => ({
      host: host(item),
      facts: item.member("facts").texts(),
    })),
    rounds: reader.member("rounds").list(readRound),
  };
}
