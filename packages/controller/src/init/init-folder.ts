import { createHash } from "node:crypto";
import { chmod, mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createHostKey, hostKeyFromSeed, renderUsers } from "@switchyard/bus";
import { InvalidInputError } from "@switchyard/model";
import { type Certificate, type Clock, createCertificate, type Random } from "@switchyard/runtime";

export interface InitOptions {
  /** Such as /etc/switchyard. */
  readonly folder: string;
  /** DNS names and addresses under which agents and clients reach controllers and NATS; at least one. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

/** What an installation needs once, by its path below the folder. */
export const INIT_FILES = {
  clusterKey: "cluster.key",
  natsSeed: "nats/controllers.nk",
  natsUsers: "nats/users.conf",
  authority: "tls/ca.pem",
  authorityKey: "tls/ca.key",
  certificate: "tls/server.pem",
  certificateKey: "tls/server.key",
  tokens: "tokens.yaml",
  adminToken: "admin.token",
} as const;

const SECRET_BYTES = 32;
const SECRET_MODE = 0o600;
const SHARED_MODE = 0o640;
const PUBLIC_MODE = 0o644;
/** nats-server may run as another user of the folder's group, and reads and lists it. */
const FOLDER_MODE = 0o750;
const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 825;
const NAME = /^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/;

/**
 * Makes the secrets of an installation: cluster key, the controllers' NATS user, an authority with a
 * certificate for controllers and NATS, one admin token. What is there is left as it is, so that it may run
 * twice; a certificate with other names is made by removing `tls/server.*` first.
 *
 * @returns paths of what was made, none where all was there
 * @throws InvalidInputError FIELD_INVALID
 */
export async function initFolder(options: InitOptions): Promise<readonly string[]> {
  const { folder, names, random } = options;
  checkNames(names);
  const made: string[] = [];
  const ensure = async (name: string, mode: number, text: () => string | Promise<string>) => {
    const path = join(folder, name);
    if (await isThere(path)) return;
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await writeNew(path, await text(), mode);
    made.push(path);
  };
  const read = (name: string) => readFile(join(folder, name), "utf8");

  await ensure(INIT_FILES.clusterKey, SECRET_MODE, () => `${random.hex(SECRET_BYTES)}\n`);
  await ensure(INIT_FILES.natsSeed, SECRET_MODE, () => `${createHostKey().seed}\n`);
  const controller = hostKeyFromSeed((await read(INIT_FILES.natsSeed)).trim());
  await ensure(INIT_FILES.natsUsers, SHARED_MODE, () =>
    renderUsers({ controllers: [controller.nkeyPublic], hosts: [] }, createHostKey().nkeyPublic),
  );
  await ensureCertificates(options, ensure);
  await ensure(INIT_FILES.adminToken, SECRET_MODE, () => `${random.hex(SECRET_BYTES)}\n`);
  const token = (await read(INIT_FILES.adminToken)).trim();
  await ensure(INIT_FILES.tokens, SECRET_MODE, () => tokensOf(token));
  return made;
}

type Ensure = (name: string, mode: number, text: () => string | Promise<string>) => Promise<void>;

/** A key is written before its certificate, so that an interrupted run leaves none without its key. */
async function ensureCertificates(options: InitOptions, ensure: Ensure): Promise<void> {
  const { folder, names, clock, random } = options;
  const pair = async (key: string, certificate: string, mode: number, make: () => Certificate) => {
    if ((await isThere(join(folder, key))) && (await isThere(join(folder, certificate)))) return;
    await refuseHalf(folder, key, certificate);
    const made = make();
    await ensure(key, mode, () => made.keyPem);
    await ensure(certificate, PUBLIC_MODE, () => made.certificatePem);
  };
  const { authority, authorityKey, certificate, certificateKey } = INIT_FILES;
  await pair(authorityKey, authority, SECRET_MODE, () =>
    createCertificate({
      ...{ clock, random, names: [], isAuthority: true, days: AUTHORITY_DAYS },
      commonName: `Switchyard ${random.hex(4)}`,
    }),
  );
  const issuer = {
    certificatePem: await readFile(join(folder, authority), "utf8"),
    keyPem: await readFile(join(folder, authorityKey), "utf8"),
  };
  await pair(certificateKey, certificate, SHARED_MODE, () =>
    createCertificate({
      ...{ clock, random, names, issuer, isAuthority: false, days: SERVER_DAYS },
      commonName: names[0] ?? "switchyard",
    }),
  );
}

async function refuseHalf(folder: string, key: string, certificate: string): Promise<void> {
  for (const [name, other] of [
    [key, certificate],
    [certificate, key],
  ] as const) {
    if (!(await isThere(join(folder, name)))) continue;
    throw new InvalidInputError("FIELD_INVALID", `${name} is there without ${other}`, {
      found: join(folder, name),
      needs: "both or neither",
      try: `Restore ${other}, or move ${name} away and run this again`,
    });
  }
}

const tokensOf = (token: string): string => {
  const sha256 = createHash("sha256").update(token).digest("hex");
  return `# One line a token; roles are viewer, operator, admin. sha256sum of the token without its line end.\n- { name: admin, role: admin, sha256: ${sha256} }\n`;
};

function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => !NAME.test(name));
  if (names.length > 0 && wrong === undefined) return;
  throw new InvalidInputError("FIELD_INVALID", "a certificate needs the names it is for", {
    found: wrong ?? "none",
    needs: "one DNS name or address or more",
    try: "controller init --name controller.example --name 10.0.0.5",
  });
}

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    // Past the process's umask.
    await chmod(path, mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
