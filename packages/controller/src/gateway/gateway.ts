import {
  EXPOSITION_CONTENT_TYPE,
  type HttpListener,
  type Logger,
  type Metrics,
  startHttpListener,
} from "@switchyard/runtime";
import type { PartState } from "../api/health.ts";

export interface GatewayParts {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly metrics: Pick<Metrics, "expose">;
  /** What the controller can't work without, as it was last looked at. */
  readonly parts: () => readonly PartState[];
  readonly log: Logger;
}

/** `postgres: up` and so on, one line each. */
const readiness = (parts: readonly PartState[]) => ({
  status: parts.every(({ isUp }) => isUp) && parts.length > 0 ? 200 : 503,
  body: `${parts.map(({ name, isUp }) => `${name}: ${isUp ? "up" : "down"}`).join("\n")}\n`,
});

/**
 * The controller's HTTP side: `/metrics` for Prometheus, `/healthz` (the process answers) and `/readyz` (it can
 * work: 200, or 503 with what is down).
 *
 * @throws SwitchyardError CONFIG_INVALID for an address that is malformed or taken
 */
export function startGateway({
  address,
  metrics,
  parts,
  log,
}: GatewayParts): Promise<HttpListener> {
  return startHttpListener({
    address,
    routes: {
      "/metrics": async () => ({
        status: 200,
        contentType: EXPOSITION_CONTENT_TYPE,
        body: await metrics.expose(),
      }),
      "/healthz": () => ({ status: 200, body: "alive\n" }),
      "/readyz": () => readiness(parts()),
    },
    log,
  });
}
