import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./install-packages.ts";

/** Where the agent looks for programs that it runs on a host, the host of a test included. */
const HOST_FOLDERS = ["/usr/local/bin", "/usr/bin", "/bin"];

const isThere = (): boolean =>
  HOST_FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, "curl"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Installs curl, with which agents speak to BMCs, where it is not there and this process may: the agent runs
 * programs by a fixed PATH, so that one in a cache would not be found. Otherwise says what to install; the
 * tests that need it fail then.
 */
export async function ensureCurl(say: (line: string) => void): Promise<void> {
  if (isThere()) return;
  await installPackages(["curl"], say);
  if (!isThere()) say("curl is not installed: tests of Redfish will fail (apt-get install curl)");
}
