export {
  type ArgumentChange,
  argumentKey,
  type BootEntry,
  changeBack,
  hasArgument,
  isKernelArgument,
  isSettable,
  type KernelArgument,
  mergeArguments,
  missingArguments,
  missingInEntries,
  parseKernelArguments,
} from "./kernel-arguments.ts";
export {
  formatModulesAtBoot,
  MODULES_AT_BOOT_PATH,
  parseModulesAtBoot,
} from "./modules-at-boot.ts";
