import type { HttpRequest, HttpResponse, HttpServer } from "../http/http.ts";
import type { SimWeb, WebAnswer } from "./sim-web.ts";

/** Bytes that a `Range` header leaves out. */
const offsetOf = ({ headers }: HttpRequest): number =>
  Number(/^bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1] ?? 0);

function responseOf(answer: Extract<WebAnswer, { kind: "body" }>, offset: number): HttpResponse {
  if (!answer.acceptsRanges || offset === 0) {
    return { status: 200, body: answer.text, breaksAfterBytes: answer.endsAfterBytes };
  }
  if (offset >= answer.text.length) return { status: 416 };
  const body = answer.text.slice(offset);
  return { status: 206, body, breaksAfterBytes: answer.endsAfterBytes };
}

/** The web that machines download from, as the server of one URL; certificates are in order there. */
export const webServer = (web: SimWeb, url: URL): HttpServer => ({
  tls: url.protocol === "https:" ? { publicKeyPin: "", isTrusted: true } : undefined,
  answer: (_, request) => {
    const answer = web.request(request.url.href);
    switch (answer.kind) {
      case "no-host":
        return "unknown";
      case "status":
        return { status: answer.status };
      case "body":
        return responseOf(answer, offsetOf(request));
    }
  },
});
