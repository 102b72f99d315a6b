import {
  installPackages,
  listInstalledPackages,
  readFileSize,
  readFileStamp,
  readSha256,
  removePackages,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const FOLDER = "/var/lib/switchyard/contract";
const FILE = `${FOLDER}/artefact.bin`;
const CONTENT = "switchyard\n";
/** SHA-256 of CONTENT. */
const SUM = "7cafb1dc399bf32a704af4306ab2290f20a67eea81bba3011452dca2ad0e8f0d";
const UNKNOWN = "no-such-package";

const has =
  (name: string) =>
  async ({ host }: Ground) =>
    (await listInstalledPackages(host, "debian")).some((found) => found.name === name);

/** Packages of a Debian, and what is asked of files that were downloaded. */
export const packagesGroup: ContractGroup = {
  name: "packages and sums",
  calls: [
    { name: "a package that every Debian has", call: has("bash"), expected: returns(true) },
    { name: "one that no Debian has", call: has(UNKNOWN), expected: returns(false) },
    {
      name: "installing what no repository has",
      call: ({ host }) => installPackages(host, "debian", [UNKNOWN]),
      expected: throws("PACKAGE_UNAVAILABLE"),
    },
    {
      name: "installing what is there is success",
      call: ({ host }) => installPackages(host, "debian", ["bash"]),
      expected: isDone,
    },
    {
      name: "removing what is not there is success",
      call: ({ host }) => removePackages(host, "debian", [UNKNOWN]),
      expected: isDone,
    },
    {
      name: "sum of an absent file",
      call: ({ host }) => readSha256(host, FILE),
      expected: returns(undefined),
    },
    { name: "a file", call: ({ host }) => host.replaceFile(FILE, CONTENT), expected: isDone },
    { name: "its sum", call: ({ host }) => readSha256(host, FILE), expected: returns(SUM) },
    {
      name: "its size",
      call: ({ host }) => readFileSize(host, FILE),
      expected: returns(CONTENT.length),
    },
    {
      name: "a change shows in its stamp",
      call: async ({ host }) => {
        const before = await readFileStamp(host, [FILE]);
        await host.replaceFile(FILE, `${CONTENT}${CONTENT}`);
        return (await readFileStamp(host, [FILE])) === before;
      },
      expected: returns(false),
    },
    {
      name: "an absent file has no stamp",
      call: ({ host }) => readFileStamp(host, [`${FOLDER}/absent`]),
      expected: returns(""),
    },
    { name: "the folder is removed", call: ({ host }) => host.remove(FOLDER), expected: isDone },
  ],
};
