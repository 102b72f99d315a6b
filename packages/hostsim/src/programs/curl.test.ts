import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "../fleet.ts";
import type { HttpRequest, HttpResponse, HttpServer, NoAnswer } from "../http/http.ts";

const PIN = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/** A server that remembers what it was asked. */
function serverOf(
  answer: (request: HttpRequest) => HttpResponse | NoAnswer,
  tls?: HttpServer["tls"],
) {
  const asked: HttpRequest[] = [];
  const server: HttpServer = {
    tls,
    answer: (_, request) => {
      asked.push(request);
      return answer(request);
    },
  };
  return { asked, server };
}

const hostWith = (server: HttpServer) =>
  createSimHost({ httpServers: { "files.example": server, "10.0.0.9": server } });

const run = (host: ReturnType<typeof createSimHost>, argv: readonly string[], stdin?: string) =>
  host.run({ argv: ["curl", ...argv], ...(stdin !== undefined && { stdin }) });

describe("curl", () => {
  it("takes what it must not say in its arguments from a configuration on stdin", async () => {
    const { asked, server } = serverOf(() => ({ status: 204 }));
    const config = 'user = "ro\\"ot:p\\\\w"\nheader = "X-Auth-Token: t"\n';
    const argv = ["--config", "-", "-sSi", "-X", "POST", "-d", "{}", "http://files.example/a"];
    const result = await run(hostWith(server), argv, config);
    assert.equal(result.stdout, "HTTP/1.1 204 \r\n\r\n");
    const [request] = asked;
    assert.equal(request?.method, "POST");
    assert.equal(request.body, "{}");
    assert.equal(request.headers.get("x-auth-token"), "t");
    const basic = `Basic ${Buffer.from('ro"ot:p\\w').toString("base64")}`;
    assert.equal(request.headers.get("authorization"), basic);
  });

  it("goes on with a file where a broken transfer left it", async () => {
    const whole = "0123456789";
    const { server } = serverOf(({ headers }) => {
      const from = Number(/bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1] ?? 0);
      const body = whole.slice(from);
      return from === 0 ? { status: 200, body, breaksAfterBytes: 4 } : { status: 206, body };
    });
    const host = hostWith(server);
    const argv = ["-sS", "-C", "-", "-o", "/var/tmp/f", "http://files.example/f"];
    const first = await run(host, argv);
    assert.deepEqual(
      [first.exitCode, first.stderr],
      [18, "curl: (18) transfer closed with 6 bytes remaining to read\n"],
    );
    assert.equal((await run(host, argv)).exitCode, 0);
    assert.equal(await host.readFile("/var/tmp/f"), whole);
  });

  it("refuses a self-signed certificate unless its key is pinned, and a key that is another", async () => {
    const { server } = serverOf(() => ({ status: 200, body: "ok" }), {
      publicKeyPin: PIN,
      isTrusted: false,
    });
    const host = hostWith(server);
    const url = "https://10.0.0.9/redfish/v1/";
    assert.equal((await run(host, ["-sS", url])).exitCode, 60);
    const other = PIN.replace("47D", "48D");
    assert.equal((await run(host, ["-sS", "-k", "--pinnedpubkey", other, url])).exitCode, 90);
    assert.equal((await run(host, ["-sS", "-k", "--pinnedpubkey", PIN, url])).stdout, "ok");
    assert.equal((await run(host, ["-sS", "http://10.0.0.9/"])).exitCode, 7);
  });

  it("ends as curl does when nobody answers", async () => {
    const answers: NoAnswer[] = ["refused", "closed"];
    const { server } = serverOf(() => answers.shift() ?? "silent");
    const host = hostWith(server);
    const url = "http://files.example/";
    assert.equal((await run(host, ["-s", url])).exitCode, 7);
    assert.equal((await run(host, ["-s", url])).exitCode, 52);
    assert.equal((await run(host, ["-s", "--max-time", "0.001", url])).exitCode, 28);
    assert.equal((await run(host, ["-s", "http://nobody.example/"])).exitCode, 6);
  });

  it("says what it can't do", async () => {
    const { server } = serverOf(() => ({ status: 404, body: "no" }));
    const host = hostWith(server);
    const { exitCode, stderr } = await run(host, ["--frobnicate", "http://files.example/"]);
    assert.deepEqual([exitCode, stderr], [2, "curl: option --frobnicate: is unknown\n"]);
    assert.equal((await run(host, ["-sf", "http://files.example/"])).exitCode, 22);
    assert.equal(
      (await run(host, ["-s", "--proto", "=https", "http://files.example/"])).exitCode,
      1,
    );
    assert.equal(
      (await run(host, ["-s", "--max-filesize", "1", "http://files.example/"])).exitCode,
      63,
    );
  });
});
