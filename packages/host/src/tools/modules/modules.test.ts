import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { hasModule, listLoadedModules, loadModule } from "./modules.ts";

describe("modules", () => {
  it("lists loaded modules by name", async () => {
    const text =
      "vhost_vdpa 32768 0 - Live 0x0000000000000000\nmlx5_core 2306048 1 mlx5_vdpa, Live 0x0000000000000000\n";
    const host = createScriptedHost({ files: { "/proc/modules": text } });
    assert.deepEqual(await listLoadedModules(host), ["mlx5_core", "vhost_vdpa"]);
  });

  it("says that a module is not there for the running kernel", async () => {
    const stderr =
      "modprobe: FATAL: Module mlx5_vdpa not found in directory /lib/modules/5.14.0-427.el9.x86_64\n";
    const commands = { "modprobe mlx5_vdpa": { exitCode: 1, stderr }, "modprobe vhost_vdpa": {} };
    const host = createScriptedHost({ commands });
    await assert.doesNotReject(loadModule(host, "vhost_vdpa"));
    await assert.rejects(loadModule(host, "mlx5_vdpa"), { reason: "MODULE_MISSING" });
  });

  it("finds a module that is loaded, on disk, or nowhere", async () => {
    const host = createScriptedHost({
      files: { "/sys/module/vfio_pci/refcnt": "0\n" },
      commands: {
        "modinfo -F filename mlx5_vfio_pci": { stdout: "/lib/modules/6.1/mlx5-vfio-pci.ko.xz\n" },
        "modinfo -F filename igbvf": {
          exitCode: 1,
          stderr: "modinfo: ERROR: Module igbvf not found.\n",
        },
      },
    });
    assert.equal(await hasModule(host, "vfio-pci"), true);
    assert.equal(await hasModule(host, "mlx5_vfio_pci"), true);
    assert.equal(await hasModule(host, "igbvf"), false);
  });
});
