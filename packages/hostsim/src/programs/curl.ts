import type { HttpRequest, HttpResponse, NoAnswer } from "../http/http.ts";
import { Refusal } from "../machine/refusal.ts";
import { webServer } from "../web/web-server.ts";
import { type CurlOptions, parseCurlOptions } from "./curl-options.ts";
import { type Ended, failed, type Invoked } from "./program.ts";

/** Redirects followed at most. Source: curl(1), --max-redirs */
const REDIRECTS_MAX = 50;

/** The transfer ended with one of curl's own statuses. Source: curl(1), EXIT CODES */
class CurlFailure extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What stands in the answer's place where the connection itself said something. */
interface Fetched {
  readonly response: HttpResponse;
  readonly url: URL;
}

/**
 * curl(1) for one URL at a time. The server is found by the URL's host among those the machine reaches.
 *
 * @see curl/curl 7.76 (Rocky 9.4) for the words and the exit statuses
 */
export async function curl(invoked: Invoked): Promise<Ended> {
  const options = parseCurlOptions(invoked.args, (path) => readConfig(invoked, path));
  if ("exitCode" in options) return failed(options.message, options.exitCode);
  let stdout = "";
  for (const url of options.urls) {
    const ended = await fetchOne(invoked, options, url);
    stdout += ended.stdout;
    if (ended.exitCode !== 0) return { ...ended, stdout };
  }
  return { exitCode: 0, stdout, stderr: "" };
}

function readConfig(invoked: Invoked, path: string): string {
  return path === "-" ? invoked.stdin : invoked.machine.files.read(path);
}

async function fetchOne(invoked: Invoked, options: CurlOptions, text: string): Promise<Ended> {
  try {
    return { exitCode: 0, stdout: await transfer(invoked, options, text), stderr: "" };
  } catch (error) {
    if (!(error instanceof CurlFailure)) throw error;
    const isQuiet = options.isSilent && !options.showsErrors;
    const stderr = isQuiet ? "" : `curl: (${error.exitCode}) ${error.message}`;
    return { ...failed(stderr, error.exitCode), stdout: "" };
  }
}

async function transfer(invoked: Invoked, options: CurlOptions, text: string): Promise<string> {
  const offset = resumeOffset(invoked, options);
  const { response, url } = await follow(invoked, options, { text, offset });
  const body = options.isHead ? "" : (response.body ?? "");
  refuseBody(options, response, { body, offset });
  const kept = body.slice(0, response.breaksAfterBytes ?? body.length);
  const shown = deliver(invoked, options, { text: kept, offset: isPartial(response) ? offset : 0 });
  if (kept.length < body.length) {
    const left = body.length - kept.length;
    throw new CurlFailure(18, `transfer closed with ${left} bytes remaining to read`);
  }
  return `${options.includesHeaders || options.isHead ? headOf(response) : ""}${shown}${written(options, response, url)}`;
}

const isPartial = ({ status }: HttpResponse): boolean => status === 206;

function refuseBody(
  options: CurlOptions,
  response: HttpResponse,
  { body, offset }: { readonly body: string; readonly offset: number },
): void {
  const { status } = response;
  if (options.failsOnError && status >= 400) {
    throw new CurlFailure(22, `The requested URL returned error: ${status}`);
  }
  if (offset > 0 && status === 200) {
    throw new CurlFailure(33, "HTTP server doesn't seem to support byte ranges. Cannot resume.");
  }
  if (options.maxFileBytes !== undefined && body.length > options.maxFileBytes) {
    throw new CurlFailure(63, "Maximum file size exceeded");
  }
}

/** Where a transfer goes on: what `-C` says, or the size of what is there already. */
function resumeOffset({ machine }: Invoked, options: CurlOptions): number {
  const { continueAt, output } = options;
  if (continueAt === undefined) return 0;
  if (continueAt !== "-") return Number(continueAt);
  if (output === undefined || !machine.files.isFile(output)) return 0;
  return machine.files.read(output).length;
}

async function follow(
  invoked: Invoked,
  options: CurlOptions,
  { text, offset }: { readonly text: string; readonly offset: number },
): Promise<Fetched> {
  let url = parseUrl(text, options);
  for (let redirects = 0; ; redirects += 1) {
    const response = await ask(invoked, options, { url, offset });
    const target = response.headers?.["Location"];
    const isRedirect = response.status >= 300 && response.status < 400 && target !== undefined;
    if (!options.followsRedirects || !isRedirect) return { response, url };
    if (redirects >= REDIRECTS_MAX) {
      throw new CurlFailure(47, `Maximum (${REDIRECTS_MAX}) redirects followed`);
    }
    url = parseUrl(new URL(target, url).href, options);
  }
}

function parseUrl(text: string, options: CurlOptions): URL {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null) throw new CurlFailure(3, "URL using bad/illegal format or missing URL");
  const scheme = url.protocol.slice(0, -1);
  const allowed = options.protocols?.replace(/^=/, "").split(",");
  const isSupported = scheme === "http" || scheme === "https" || scheme === "file";
  if (isSupported && allowed?.includes(scheme) !== false) return url;
  throw new CurlFailure(1, `Protocol "${scheme}" not supported or disabled in libcurl`);
}

async function ask(
  invoked: Invoked,
  options: CurlOptions,
  { url, offset }: { readonly url: URL; readonly offset: number },
): Promise<HttpResponse> {
  if (url.protocol === "file:") return readLocal(invoked, url, offset);
  const { httpServers, bmcs, web } = invoked.machine;
  const server = httpServers.get(url.host) ?? bmcs.get(url.host) ?? webServer(web, url);
  const answer = await server.answer(invoked.act, requestOf(options, url, offset));
  if (answer === "unknown") throw new CurlFailure(6, `Could not resolve host: ${url.hostname}`);
  if (answer === "refused" || (server.tls === undefined) !== (url.protocol === "http:")) {
    throw refusedConnection(url);
  }
  checkTls(options, server.tls);
  return typeof answer === "string" ? await missing(invoked, options, answer) : answer;
}

function refusedConnection(url: URL): CurlFailure {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return new CurlFailure(
    7,
    `Failed to connect to ${url.hostname} port ${port}: Connection refused`,
  );
}

function readLocal({ machine }: Invoked, url: URL, offset: number): HttpResponse {
  try {
    const body = machine.files.read(decodeURIComponent(url.pathname)).slice(offset);
    return { status: offset > 0 ? 206 : 200, body };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new CurlFailure(37, `Couldn't open file ${url.pathname}`);
  }
}

/** The pin is looked at whether or not the chain is; a chain that nobody vouches for ends the transfer. */
function checkTls(
  options: CurlOptions,
  tls: { readonly publicKeyPin: string; readonly isTrusted: boolean } | undefined,
): void {
  if (tls === undefined) return;
  if (!options.isInsecure && !tls.isTrusted && options.caFile === undefined) {
    throw new CurlFailure(60, "SSL certificate problem: self-signed certificate");
  }
  if (options.pinnedKey === undefined) return;
  if (options.pinnedKey.split(";").includes(tls.publicKeyPin)) return;
  throw new CurlFailure(90, "SSL: public key does not match pinned public key!");
}

function requestOf(options: CurlOptions, url: URL, offset: number): HttpRequest {
  const headers = new Map(
    options.headers.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  if (options.user !== undefined) {
    headers.set("authorization", `Basic ${Buffer.from(options.user).toString("base64")}`);
  }
  if (offset > 0) headers.set("range", `bytes=${offset}-`);
  else if (options.range !== undefined) headers.set("range", `bytes=${options.range}`);
  const implied = options.data === undefined ? "GET" : "POST";
  const method = options.method ?? (options.isHead ? "HEAD" : implied);
  return { method, url, headers, body: options.data ?? "" };
}

async function missing(
  { machine }: Invoked,
  { maxTimeMs }: CurlOptions,
  answer: NoAnswer,
): Promise<never> {
  if (answer === "closed") throw new CurlFailure(52, "Empty reply from server");
  if (maxTimeMs === undefined) return await new Promise<never>(() => undefined);
  await machine.clock.sleep(maxTimeMs);
  const words = `Operation timed out after ${maxTimeMs} milliseconds with 0 bytes received`;
  throw new CurlFailure(28, words);
}

/** Text for stdout; a body that goes into a file leaves none. */
function deliver(
  { machine }: Invoked,
  { output }: CurlOptions,
  { text, offset }: { readonly text: string; readonly offset: number },
): string {
  if (output === undefined || output === "-") return text;
  const before = machine.files.isFile(output) ? machine.files.read(output) : "";
  machine.files.write(output, before.slice(0, offset) + text);
  return "";
}

const headOf = ({ status, headers = {} }: HttpResponse): string =>
  `HTTP/1.1 ${status} \r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;

const written = ({ writeOut = "" }: CurlOptions, { status }: HttpResponse, url: URL): string =>
  writeOut
    .replaceAll("%{http_code}", String(status))
    .replaceAll("%{response_code}", String(status))
    .replaceAll("%{url_effective}", url.href)
    .replaceAll("\\n", "\n");
