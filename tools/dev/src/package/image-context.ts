import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderServerConfig } from "@switchyard/bus";
import { bundleProgram, PROGRAM_NAMES } from "./programs.ts";

/** nats-server's words in a container; folders and names are those of the Containerfile. */
const NATS_WORDS = {
  SERVER_NAME: "switchyard",
  LISTEN: "0.0.0.0:4222",
  PID_FILE: "/tmp/nats.pid",
  MONITOR_PORT: "8222",
  STORE_DIR: "/var/lib/switchyard/nats",
  // Relative to /usr/share/switchyard.
  USERS_FILE: "../../../etc/switchyard/nats/users.conf",
  TLS_BLOCK:
    'tls { cert_file: "/etc/switchyard/tls/server.pem", key_file: "/etc/switchyard/tls/server.key" }',
};

/** Every program as it is installed, and what the Containerfile needs beside them. */
export async function makeImageContext(root: string, folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const name of PROGRAM_NAMES) paths.push(await bundleProgram(root, name, folder));
  const deploy = join(root, "deploy");
  await mkdir(join(folder, "empty"), { recursive: true });
  await cp(join(deploy, "containers", "Containerfile"), join(folder, "Containerfile"));
  const template = await readFile(join(deploy, "nats", "nats-server.conf"), "utf8");
  await writeFile(join(folder, "nats-server.conf"), renderServerConfig(template, NATS_WORDS));
  return paths;
}
