import { Agent, request } from "node:http";

/** One answer of its REST API. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Candidates by granular groups, consumer generations, and any newer of release 8 (2022.2). */
const HEADERS = {
  "x-auth-token": "admin",
  "openstack-api-version": "placement 1.36",
  accept: "application/json",
};
const TIMEOUT_MS = 60_000;

/** Calls it, a connection each: uWSGI behind `http-socket`, as Debian starts it, closes after an answer. */
export function createOpenstackClient(url: string, clients: number) {
  const agent = new Agent({ keepAlive: false, maxSockets: clients });
  return {
    call: (method: string, path: string, body?: unknown): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers = {
          ...HEADERS,
          ...(text === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        };
        const sent = request(
          `${url}${path}`,
          { method, agent, headers, timeout: TIMEOUT_MS },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", reject);
            response.on("end", () => {
              const raw = Buffer.concat(chunks).toString();
              resolve({
                status: response.statusCode ?? 0,
                body: raw === "" ? undefined : JSON.parse(raw),
              });
            });
          },
        );
        sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer`)));
        sent.on("error", reject);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}

export type OpenstackClient = ReturnType<typeof createOpenstackClient>;
