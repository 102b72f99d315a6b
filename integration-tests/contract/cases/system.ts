import {
  findProcess,
  type Host,
  type HostFileError,
  listLoadedModules,
  listModulesAtBoot,
  loadModule,
  RANGE_BYTES_MAX,
  readBootId,
  readCpuInfo,
  readKernelRelease,
  readMemoryBytes,
  readOsRelease,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const FOLDER = "/var/lib/switchyard/contract";
const FILE = `${FOLDER}/note.txt`;
const DISK = `${FOLDER}/disk`;
const AT_BOOT_FILE = "/etc/modules-load.d/contract.conf";
/** Above the largest pid a 64-bit kernel gives. @see proc(5), pid_max */
const ABSENT_PID = 4_194_305;

const isLoaded =
  (module: (ground: Ground) => string) =>
  async (ground: Ground): Promise<boolean> =>
    (await listLoadedModules(ground.host)).includes(module(ground));
const loadable = ({ parts }: Ground) => parts.modules.loadable;

export const modulesGroup: ContractGroup = {
  name: "modules",
  calls: [
    {
      name: "a loaded one is listed",
      call: isLoaded(({ parts }) => parts.modules.loaded),
      expected: returns(true),
    },
    { name: "one that is not", call: isLoaded(loadable), expected: returns(false) },
    {
      name: "it is loaded",
      call: (ground) => loadModule(ground.host, loadable(ground)),
      expected: isDone,
    },
    {
      name: "loading it again is success",
      call: (ground) => loadModule(ground.host, loadable(ground)),
      expected: isDone,
    },
    { name: "it is listed", call: isLoaded(loadable), expected: returns(true) },
    {
      name: "it is unloaded",
      call: async (ground) =>
        (await ground.host.run({ argv: ["modprobe", "-r", loadable(ground)] })).exitCode,
      expected: returns(0),
    },
    { name: "and not listed", call: isLoaded(loadable), expected: returns(false) },
    {
      name: "one that is named for the boot is listed as such",
      call: async ({ host }) => {
        await host.replaceFile(AT_BOOT_FILE, "# by the contract\nnbd\n");
        return (await listModulesAtBoot(host)).includes("nbd");
      },
      expected: returns(true),
    },
    {
      name: "and no more once its file is removed",
      call: async ({ host }) => {
        await host.remove(AT_BOOT_FILE);
        return (await listModulesAtBoot(host)).includes("nbd");
      },
      expected: returns(false),
    },
    {
      name: "an unknown one",
      call: ({ host }) => loadModule(host, "no_such_module"),
      expected: throws("MODULE_MISSING"),
    },
    {
      name: "a dash is an underscore",
      call: async ({ host }) => {
        await loadModule(host, "vfio-pci");
        return (await listLoadedModules(host)).includes("vfio_pci");
      },
      expected: returns(true),
    },
  ],
};

export const procfsGroup: ContractGroup = {
  name: "procfs",
  calls: [
    {
      name: "a boot has an id",
      call: async ({ host }) =>
        /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(await readBootId(host)),
      expected: returns(true),
    },
    {
      name: "and keeps it",
      call: async ({ host }) => {
        const first = await readBootId(host);
        return (await readBootId(host)) === first;
      },
      expected: returns(true),
    },
    {
      name: "a kernel has a release, as uname says",
      call: async ({ host }) =>
        (await readKernelRelease(host)) ===
        (await host.run({ argv: ["uname", "-r"] })).stdout.trim(),
      expected: returns(true),
    },
    {
      name: "there are CPUs and memory",
      call: async ({ host }) => [
        (await readCpuInfo(host)).threadCount > 0,
        (await readMemoryBytes(host)) > 0,
      ],
      expected: returns([true, true]),
    },
    {
      name: "a distribution has an id and a version",
      call: async ({ host }) => Object.values(await readOsRelease(host)).includes(""),
      expected: returns(false),
    },
    {
      name: "an absent process",
      call: ({ host }) => findProcess(host, ABSENT_PID),
      expected: returns(undefined),
    },
  ],
};

const write =
  (path: string, text: string) =>
  ({ host }: Ground) =>
    host.writeFile(path, text);
const read =
  (path: string) =>
  ({ host }: Ground) =>
    host.readFile(path);
const exit = async (host: Host, ...argv: readonly [string, ...string[]]) =>
  (await host.run({ argv })).exitCode;

export const filesGroup: ContractGroup = {
  name: "files and programs",
  calls: [
    { name: "an absent file", call: read(FILE), expected: throws("ENOENT") },
    { name: "a write never creates", call: write(FILE, "1"), expected: throws("ENOENT") },
    {
      name: "a file is made, with its folder",
      call: ({ host }) => host.replaceFile(FILE, "one\n"),
      expected: isDone,
    },
    { name: "it is read", call: read(FILE), expected: returns("one\n") },
    {
      name: "it is replaced",
      call: ({ host }) => host.replaceFile(FILE, "two\n"),
      expected: isDone,
    },
    { name: "it is read again", call: read(FILE), expected: returns("two\n") },
    {
      name: "the folder holds it alone",
      call: ({ host }) => host.listFolder(FOLDER),
      expected: returns(["note.txt"]),
    },
    { name: "a folder is no file", call: read(FOLDER), expected: throws("EISDIR") },
    {
      name: "a file is no folder",
      call: ({ host }) => host.listFolder(FILE),
      expected: throws("ENOTDIR"),
    },
    {
      name: "a file is no link",
      call: ({ host }) => host.readLink(FILE),
      expected: throws("EINVAL"),
    },
    {
      name: "an absent link",
      call: ({ host }) => host.readLink(`${FOLDER}/absent`),
      expected: throws("ENOENT"),
    },
    {
      name: "a file nobody listens on",
      call: ({ host }) => host.connectByteSocket(FILE),
      expected: throws("ECONNREFUSED"),
    },
    {
      name: "a socket that is not there",
      call: ({ host }) => host.connectByteSocket(`${FOLDER}/absent`),
      expected: throws("ENOENT"),
    },
    {
      name: "bytes are written into a file that is made for them, behind a hole",
      call: ({ host }) => host.writeRange(DISK, 4096, Uint8Array.of(0xff, 0, 0xfe)),
      expected: isDone,
    },
    {
      name: "they are read, and fewer at the end",
      call: async ({ host }) => [...(await host.readRange(DISK, 4095, 100))],
      expected: returns([0, 0xff, 0, 0xfe]),
    },
    {
      name: "the hole reads as zeros",
      call: async ({ host }) => (await host.readRange(DISK, 0, 4096)).every((byte) => byte === 0),
      expected: returns(true),
    },
    {
      name: "behind the end there is nothing",
      call: async ({ host }) => (await host.readRange(DISK, 1_000_000, 10)).length,
      expected: returns(0),
    },
    {
      name: "what was there is written over, and the rest stays",
      call: async ({ host }) => {
        await host.writeRange(DISK, 4097, Uint8Array.of(7));
        return [...(await host.readRange(DISK, 4096, 10))];
      },
      expected: returns([0xff, 7, 0xfe]),
    },
    {
      name: "bytes of an absent file",
      call: ({ host }) => host.readRange(`${FOLDER}/absent`, 0, 1),
      expected: throws("ENOENT"),
    },
    {
      name: "bytes into an absent folder",
      call: ({ host }) => host.writeRange("/no/such/folder/file", 0, Uint8Array.of(1)),
      expected: throws("ENOENT"),
    },
    {
      name: "no bytes, and too many",
      call: async ({ host }) => {
        const tries = [0, RANGE_BYTES_MAX + 1].map((length) =>
          host.readRange(DISK, 0, length).catch((error: HostFileError) => error.errno),
        );
        return await Promise.all(tries);
      },
      expected: returns(["EINVAL", "EINVAL"]),
    },
    { name: "the folder is removed", call: ({ host }) => host.remove(FOLDER), expected: isDone },
    {
      name: "removing what is gone is success",
      call: ({ host }) => host.remove(FOLDER),
      expected: isDone,
    },
    {
      name: "nothing is left",
      call: ({ host }) => host.exists(FOLDER),
      expected: returns(false),
    },
    {
      name: "a write to what is read-only",
      call: write("/sys/class/net/lo/address", "1"),
      expected: throws("EACCES"),
    },
    { name: "an absent file of sysfs", call: read("/sys/no/such"), expected: throws("ENOENT") },
    {
      name: "a program that is not there",
      call: ({ host }) => exit(host, "no-such-program"),
      expected: throws("COMMAND_NOT_STARTED"),
    },
    { name: "one that succeeds", call: ({ host }) => exit(host, "true"), expected: returns(0) },
  ],
};
