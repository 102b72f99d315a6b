import type { CallTrace } from "@switchyard/client";
import type { Tracer } from "@switchyard/runtime";

/** The trace of one command line: its own span, and one below it for each call. */
export interface CommandTrace {
  call(method: string): CallTrace;
  /** Ends it and sends what there is, for some seconds at most. */
  end(exitCode: number): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

const VERSION = "0.1.0";
/** A person waits for the prompt. */
const STOP_TIMEOUT_MS = 1_000;
const ENDPOINTS = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

const isWanted = (env: Env): boolean => ENDPOINTS.some((name) => (env[name] ?? "") !== "");

/**
 * Begins the trace of a command where OpenTelemetry's variables name a collector; undefined elsewhere, where
 * nothing is loaded for it and the controller begins traces itself.
 *
 * @param name the command without its arguments, such as `swy vm create`
 */
export async function openTrace(name: string, env: Env): Promise<CommandTrace | undefined> {
  if (!isWanted(env)) return undefined;
  const { createTracer, formatTraceparent, silentLogger, systemClock, systemRandom } = await import(
    "@switchyard/runtime"
  );
  const tracer = await createTracer({
    service: "switchyard-cli",
    version: VERSION,
    environment: env,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    // A collector that is away is no matter of whoever types the command.
    ...{ clock: systemClock, random: systemRandom, log: silentLogger },
  });
  return commandTrace(tracer, name, formatTraceparent);
}

function commandTrace(
  tracer: Tracer,
  name: string,
  format: (context: ReturnType<Tracer["start"]>["context"]) => string,
): CommandTrace {
  const command = tracer.start(name);
  return {
    call: (method) => {
      const span = tracer.start(method, {
        parent: command.context,
        kind: "client",
        attributes: { "rpc.system": "grpc", "rpc.method": method },
      });
      return {
        traceparent: format(span.context),
        end: (error) => {
          if (error !== undefined) span.fail(error.reason || error.code, error.message);
          span.end();
        },
      };
    },
    end: async (exitCode) => {
      command.set({ "process.exit.code": exitCode });
      if (exitCode !== 0) command.fail("EXIT", `exit code ${exitCode}`);
      command.end();
      await tracer.stop();
    },
  };
}
