import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type BootEntry,
  changeBack,
  hasArgument,
  isKernelArgument,
  isSettable,
  mergeArguments,
  missingInEntries,
  parseKernelArguments,
} from "./kernel-arguments.ts";

const entry = (text: string): BootEntry => ({
  kernelRelease: "1",
  kernelPath: "/boot/vmlinuz-1",
  arguments: parseKernelArguments(text),
  isDefault: true,
});

describe("parseKernelArguments", () => {
  it("keeps quoted blanks in their word", () => {
    assert.deepEqual(parseKernelArguments(' ro  dyndbg="file a.c +p; b" quiet\n'), [
      "ro",
      'dyndbg="file a.c +p; b"',
      "quiet",
    ]);
  });
});

describe("hasArgument", () => {
  it("compares whole words", () => {
    const now = parseKernelArguments("intel_iommu=pt xiommu=pt iommu=pt,strict");
    assert.equal(hasArgument(now, "iommu=pt"), false);
    assert.equal(hasArgument(["iommu=pt"], "iommu=pt"), true);
  });

  it("takes the last value of a key that is given twice", () => {
    const now = parseKernelArguments("iommu=pt iommu=off");
    assert.deepEqual([hasArgument(now, "iommu=pt"), hasArgument(now, "iommu=off")], [false, true]);
  });

  it("finds an option of pci= in any of its occurrences", () => {
    const now = parseKernelArguments("pci=nommconf pci=realloc,assign-busses");
    assert.equal(hasArgument(now, "pci=realloc"), true);
    assert.equal(hasArgument(now, "pci=noaer"), false);
  });
});

describe("mergeArguments", () => {
  it("adds to the options of pci= that are there, whatever entry has them", () => {
    const present = parseKernelArguments("ro pci=nommconf quiet pci=noaer");
    assert.deepEqual(mergeArguments(present, ["iommu=pt", "pci=realloc"]), [
      "iommu=pt",
      "pci=nommconf,noaer,realloc",
    ]);
    assert.deepEqual(mergeArguments(["pci=realloc"], ["pci=realloc"]), ["pci=realloc"]);
  });
});

describe("missingInEntries", () => {
  it("wants every kernel to have it, not only the one that boots next", () => {
    const entries = [entry("ro iommu=pt"), entry("ro")];
    assert.deepEqual(missingInEntries(entries, ["iommu=pt", "ro"]), ["iommu=pt"]);
  });
});

describe("changeBack", () => {
  it("restores a replaced value and removes what was not there", () => {
    const before = parseKernelArguments("ro pci=nommconf quiet");
    const now = parseKernelArguments("ro pci=nommconf,realloc quiet iommu=pt");
    assert.deepEqual(changeBack(before, now, ["pci", "iommu"]), {
      set: ["pci=nommconf"],
      remove: ["iommu=pt"],
    });
    assert.deepEqual(changeBack(now, now, ["pci", "iommu"]), { set: [], remove: [] });
  });
});

describe("what a profile may set", () => {
  it("is a word that needs no quotes and whose key is not meant to repeat", () => {
    for (const text of ["", "a b", 'a="b"', "a=$(id)", "=x", "a=", "-x"]) {
      assert.equal(isKernelArgument(text), false, text);
    }
    assert.deepEqual(["pci=realloc,noaer", "quiet"].map(isKernelArgument), [true, true]);
    assert.deepEqual(["console=ttyS0", "iommu=pt"].map(isSettable), [false, true]);
  });
});
