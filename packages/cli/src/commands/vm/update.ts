import { addMutationOptions } from "../../input/mutation.ts";
import { defineVerb } from "../../verb.ts";
import { type ChangeOptions, changeVm } from "./change-vm.ts";
import { runtimeWord } from "./runtime-flag.ts";

interface Options extends ChangeOptions {
  readonly preventDestroy?: boolean;
  readonly autostart?: boolean;
  readonly runtime?: string;
}

export const verb = defineVerb<Options>({
  configure: (command) => {
    command
      .argument("<vm>")
      .option("--prevent-destroy", "refuse to delete it")
      .option("--no-prevent-destroy", "let it be deleted")
      .option("--autostart", "start it again after its host booted")
      .option("--no-autostart", "leave it stopped then")
      .option("--runtime <runtime>", "of a stopped VM: qemu or libvirt, from its next start on")
      .option("--etag <etag>", "only if the VM is still the one with this etag");
    addMutationOptions(command, { dryRun: true, wait: false });
  },
  run: ({ context, args: [name = ""], options }) =>
    changeVm(context, {
      name,
      options,
      change: {
        prevent_destroy: options.preventDestroy,
        autostart: options.autostart,
        runtime: options.runtime === undefined ? undefined : runtimeWord(options.runtime),
      },
      flags: "--prevent-destroy, --no-prevent-destroy, --autostart, --no-autostart or --runtime",
    }),
});
