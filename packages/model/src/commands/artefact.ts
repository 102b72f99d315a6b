import { ARTEFACT_NETRC } from "../artefacts/artefact.ts";
import type { Argv } from "./argv.ts";

/** Redirections followed: vendors' download pages need two or three. */
const REDIRECTIONS_MAX = 5;
const CONNECT_TIMEOUT_S = 20;
/** A transfer below this for a minute is taken for dead; it is resumed later. */
const SPEED_MIN_BYTES_PER_S = 1024;
const SLOW_TIME_MAX_S = 60;

/**
 * Downloads, going on where an earlier try stopped.
 *
 * @see curl(1)
 */
export const curlDownload = (options: {
  readonly url: string;
  readonly path: string;
  readonly sizeBytesMax: number;
}): Argv => [
  "curl",
  "--silent",
  "--show-error",
  "--fail",
  "--location",
  "--proto",
  "=https,http",
  "--max-redirs",
  String(REDIRECTIONS_MAX),
  "--connect-timeout",
  String(CONNECT_TIMEOUT_S),
  "--speed-limit",
  String(SPEED_MIN_BYTES_PER_S),
  "--speed-time",
  String(SLOW_TIME_MAX_S),
  "--max-filesize",
  String(options.sizeBytesMax),
  "--netrc-optional",
  "--netrc-file",
  ARTEFACT_NETRC,
  "--continue-at",
  "-",
  "--output",
  options.path,
  "--",
  options.url,
];

/** @see cp(1) */
export const copyFile = (source: string, target: string): Argv => ["cp", "--", source, target];

/** @see mv(1) */
export const moveFile = (source: string, target: string): Argv => [
  "mv",
  "-f",
  "--",
  source,
  target,
];
