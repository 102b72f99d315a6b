import {
  listBootEntries,
  readArgumentsBefore,
  readKernelArguments,
  readKernelRelease,
  restoreKernelArguments,
  setKernelArguments,
} from "@switchyard/host";
import { parseKernelArguments } from "@switchyard/model";
import { type ContractGroup, isDone, returns } from "../contract.ts";
import type { Ground } from "../ground.ts";

const ARGUMENT = "switchyard.contract=1";
const ADDED = parseKernelArguments(ARGUMENT);
const FAMILY = "debian";

const hasArgument = async ({ host }: Ground) =>
  (await listBootEntries(host, FAMILY)).map((entry) => entry.arguments.includes(ADDED[0] ?? ""));

/** Boot entries and their kernel arguments, on a Debian. */
export const bootloaderGroup: ContractGroup = {
  name: "boot loader",
  calls: [
    {
      name: "the running kernel is the first entry",
      call: async ({ host }) => {
        const [first] = await listBootEntries(host, FAMILY);
        return [first?.isDefault, first?.kernelRelease === (await readKernelRelease(host))];
      },
      expected: returns([true, true]),
    },
    { name: "without the argument", call: hasArgument, expected: returns([false]) },
    {
      name: "the argument is set",
      call: ({ host }) => setKernelArguments(host, FAMILY, ADDED),
      expected: isDone,
    },
    {
      name: "setting it again is success",
      call: ({ host }) => setKernelArguments(host, FAMILY, ADDED),
      expected: isDone,
    },
    { name: "every entry has it", call: hasArgument, expected: returns([true]) },
    {
      name: "the running kernel has not",
      call: async ({ host }) => (await readKernelArguments(host)).includes(ADDED[0] ?? ""),
      expected: returns(false),
    },
    {
      name: "it is taken away",
      call: async ({ host }) => {
        const before = { ...(await readArgumentsBefore(host, FAMILY)), ownFile: undefined };
        await restoreKernelArguments(host, FAMILY, { arguments: ADDED, before });
      },
      expected: isDone,
    },
    { name: "and no entry has it", call: hasArgument, expected: returns([false]) },
  ],
};
