import {
  addProcessMetrics,
  createMetrics,
  createTracer,
  type Environment,
  EXPOSITION_CONTENT_TYPE,
  type HttpListener,
  type Logger,
  type Metrics,
  noMetrics,
  type Service,
  startHttpListener,
  stopAll,
  systemClock,
  systemRandom,
  type Tracer,
} from "@switchyard/runtime";
import type { AgentConfig } from "../process/config.ts";
import { AGENT_VERSION } from "../version.ts";

/** What an agent's process shows of itself. */
export interface Observability extends Service {
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** `host:port` that is really listened on; undefined where nothing is served. */
  readonly address: string | undefined;
}

/**
 * Serves `/metrics` and `/healthz`, and opens the tracer. An address that can't be listened on is in the log and
 * no more: a host does its work also where nobody watches it.
 */
export async function startObservability(
  { host, httpListen }: Pick<AgentConfig, "host" | "httpListen">,
  { environment, log }: { readonly environment: Environment; readonly log: Logger },
): Promise<Observability> {
  const services: Service[] = [];
  const tracer = await createTracer({
    service: "switchyard-agent",
    version: AGENT_VERSION,
    attributes: { "host.name": host },
    ...{ environment, log },
    clock: systemClock,
    random: systemRandom,
  });
  services.push(tracer);
  const metrics = httpListen === undefined ? noMetrics : createMetrics({ log });
  let listener: HttpListener | undefined;
  if (httpListen !== undefined) {
    services.push(addProcessMetrics(metrics));
    listener = await serve(httpListen, metrics, log);
    if (listener !== undefined) services.push(listener);
  }
  return { metrics, tracer, address: listener?.address, stop: () => stopAll(services) };
}

async function serve(
  address: string,
  metrics: Metrics,
  log: Logger,
): Promise<HttpListener | undefined> {
  try {
    const listener = await startHttpListener({
      address,
      routes: {
        "/metrics": async () => ({
          status: 200,
          contentType: EXPOSITION_CONTENT_TYPE,
          body: await metrics.expose(),
        }),
        "/healthz": () => ({ status: 200, body: "alive\n" }),
      },
      log,
    });
    log.info({ address: listener.address }, "metrics are served");
    return listener;
  } catch (error) {
    log.error({ err: error, address }, "metrics are not served");
    return undefined;
  }
}
