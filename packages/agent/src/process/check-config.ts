import { readFile } from "node:fs/promises";
import { describeError, type Environment } from "@switchyard/runtime";
import { findIdentity } from "../enrolment/identity.ts";
import { type AgentConfig, invalid, loadConfig } from "./config.ts";

/**
 * Reads the configuration as a start would, and every file that it names, without making or changing
 * anything; nobody is asked over the network.
 *
 * @returns what a start would do, one line each
 * @throws InvalidInputError FIELD_INVALID, NAME_MALFORMED, BMC_SETTINGS_INVALID; HostError
 *   BMC_SETTINGS_INVALID
 */
export async function checkConfig(environment: Environment): Promise<readonly string[]> {
  const config = await loadConfig(environment);
  await checkFile("ca_file", config.caFile);
  const known = await findIdentity(config.dataFolder);
  const isEnrolled = known?.host === config.host;
  if (!isEnrolled) await checkEnrolment(config);
  return [
    `host: ${config.host}, a ${config.hostKind} host, ledger and key in ${config.dataFolder}`,
    isEnrolled
      ? `enrolled; NATS at ${(config.natsServers ?? known.natsServers).join(", ")}`
      : `not enrolled; it would enrol at ${config.controllerAddress}`,
  ];
}

async function checkEnrolment({
  controllerAddress,
  enrollmentTokenFile,
}: AgentConfig): Promise<void> {
  if (controllerAddress === undefined) {
    throw invalid("controller_address", "host:port of a controller, as this host is not enrolled");
  }
  if (enrollmentTokenFile === undefined) {
    throw invalid("enrollment_token_file", "a file with a token of swy host enroll");
  }
  await checkFile("enrollment_token_file", enrollmentTokenFile);
}

async function checkFile(key: "ca_file" | "enrollment_token_file", path: string | undefined) {
  if (path === undefined) return;
  await readFile(path).catch((error: unknown) => {
    throw invalid(key, `a file that this process can read; ${String(error)}`);
  });
}

/** `agent --check-config`. @returns the exit status: 0 when a start would go on, else 1 */
export async function runCheckConfig(environment: Environment): Promise<number> {
  try {
    for (const line of await checkConfig(environment)) process.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(describeError(error));
    return 1;
  }
}
