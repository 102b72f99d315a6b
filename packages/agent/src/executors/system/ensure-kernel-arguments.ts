import {
  type ArgumentsBefore,
  readArgumentsBefore,
  restoreKernelArguments,
  setKernelArguments,
} from "@switchyard/host";
import { missingInEntries } from "@switchyard/model";
import { ensure } from "../executor.ts";

export const ensureKernelArguments = ensure<"ensureKernelArguments", ArgumentsBefore>({
  read: ({ host }, { family }) => readArgumentsBefore(host, family),
  isSatisfied: ({ entries }, { arguments: wanted }) =>
    missingInEntries(entries, wanted).length === 0,
  apply: ({ host }, { family, arguments: wanted }) => setKernelArguments(host, family, wanted),
  undo: ({ host }, { family, arguments: wanted }, before) =>
    restoreKernelArguments(host, family, { arguments: wanted, before }),
  failure: "BOOTLOADER_CHANGE_FAILED",
});
