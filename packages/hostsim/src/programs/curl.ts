import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * curl(1) as far as downloads into a file need it. Texts and exit statuses: curl 7.88.1.
 */

/** Options that take a value. */
const WITH_VALUE = new Set([
  "--proto",
  "--max-redirs",
  "--connect-timeout",
  "--speed-limit",
  "--speed-time",
  "--max-filesize",
  "--netrc-file",
  "--continue-at",
  "--output",
  "-o",
  "-C",
]);

interface CurlOptions {
  readonly values: ReadonlyMap<string, string>;
  readonly url: string;
}

function parse(args: readonly string[]): CurlOptions {
  const values = new Map<string, string>();
  let url = "";
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string; // at < args.length
    if (WITH_VALUE.has(arg)) values.set(arg, args[++at] ?? "");
    else if (!arg.startsWith("-")) url = arg;
  }
  return { values, url };
}

/** What has come by an earlier try. */
function partOf({ machine }: Invoked, { values }: CurlOptions, path: string): string {
  const continueAt = values.get("--continue-at") ?? values.get("-C");
  return continueAt === "-" && machine.files.isFile(path) ? machine.files.read(path) : "";
}

const httpFailure = (status: number): Ended =>
  failed(`curl: (22) The requested URL returned error: ${status}`, 22);

/** `curl --fail --output FILE [--continue-at -] [--max-filesize N] URL`. */
export function curl(invoked: Invoked): Ended {
  const options = parse(invoked.args);
  const { values, url } = options;
  const path = values.get("--output") ?? values.get("-o");
  if (path === undefined) return failed("curl: (23) Failure writing output to destination", 23);
  const answer = invoked.machine.web.request(url);
  if (answer.kind === "no-host") {
    return failed(`curl: (6) Could not resolve host: ${new URL(url).hostname}`, 6);
  }
  if (answer.kind === "status") return httpFailure(answer.status);
  const part = partOf(invoked, options, path);
  if (part !== "" && !answer.acceptsRanges) {
    const words = "HTTP server doesn't seem to support byte ranges. Cannot resume.";
    return failed(`curl: (33) ${words}`, 33);
  }
  if (part !== "" && part.length >= answer.text.length) return httpFailure(416);
  const rest = answer.text.slice(part.length);
  if (rest.length > Number(values.get("--max-filesize") ?? Number.POSITIVE_INFINITY)) {
    return failed("curl: (63) Maximum file size exceeded", 63);
  }
  const received = rest.slice(0, answer.endsAfterBytes);
  invoked.machine.files.write(path, part + received);
  if (received.length === rest.length) return printed("");
  const missing = rest.length - received.length;
  return failed(`curl: (18) transfer closed with ${missing} bytes remaining to read`, 18);
}
