import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { readLockdown, readSelinux } from "./security.ts";

describe("readLockdown", () => {
  const read = (files: Readonly<Record<string, string>>) =>
    readLockdown(createScriptedHost({ files }));
  const lockdown = "/sys/kernel/security/lockdown";

  it("is the word in brackets", async () => {
    assert.equal(await read({ [lockdown]: "[none] integrity confidentiality\n" }), "none");
    assert.equal(await read({ [lockdown]: "none [integrity] confidentiality\n" }), "integrity");
  });

  it("is none for a kernel that has no lockdown, and unknown where securityfs is not mounted", async () => {
    assert.equal(await read({ "/sys/kernel/security/lsm": "capability\n" }), "none");
    assert.equal(await read({}), undefined);
    assert.equal(await read({ [lockdown]: "something else\n" }), undefined);
  });
});

describe("readSelinux", () => {
  const read = (files: Readonly<Record<string, string>>) =>
    readSelinux(createScriptedHost({ files }));

  it("tells enforcing, permissive and off apart", async () => {
    assert.equal(await read({ "/sys/fs/selinux/enforce": "1" }), "enforcing");
    assert.equal(await read({ "/sys/fs/selinux/enforce": "0" }), "permissive");
    assert.equal(await read({ "/sys/fs/cgroup/cgroup.procs": "" }), "disabled");
  });
});
