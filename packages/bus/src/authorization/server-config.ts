import { InvariantError } from "@switchyard/model";

/** What the words of `deploy/nats/nats-server.conf` stand for; its README explains each. */
export interface ServerConfigWords {
  readonly SERVER_NAME: string;
  readonly LISTEN: string;
  readonly PID_FILE: string;
  readonly MONITOR_PORT: string;
  readonly STORE_DIR: string;
  readonly USERS_FILE: string;
  readonly TLS_BLOCK: string;
}

/**
 * Fills in the template of nats-server's configuration.
 *
 * @throws InvariantError where the template has a word that is not given
 */
export function renderServerConfig(template: string, words: ServerConfigWords): string {
  const given = new Map<string, string>(Object.entries(words));
  return template
    .split("\n")
    .map((line) => (line.startsWith("#") ? line : fillLine(line, given)))
    .join("\n");
}

const fillLine = (line: string, given: ReadonlyMap<string, string>): string =>
  line.replace(/\$\{(\w+)\}/g, (_match, word: string) => {
    const value = given.get(word);
    if (value === undefined) throw new InvariantError(`the template's word ${word} is not given`);
    return value;
  });
