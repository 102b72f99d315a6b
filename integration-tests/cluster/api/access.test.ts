import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { ApiToken } from "@switchyard/controller";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { profileOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const tokenOf = (name: string, role: ApiToken["role"]): ApiToken => ({
  name,
  role,
  sha256: createHash("sha256").update(`${name}-secret`).digest("hex"),
});

describe("who may do what", () => {
  let world: World;

  before(async () => {
    const tokens = [
      tokenOf("vera", "viewer"),
      tokenOf("olga", "operator"),
      tokenOf("ada", "admin"),
    ];
    world = await startWorld({ tokens });
    await world.enrol("r740-01", buildBareR740());
  });
  after(() => world.stop());

  it("lets viewers read and nothing else", async () => {
    const { hosts, profiles, jobs } = world.connect("vera-secret");
    assert.equal((await hosts.listHosts({})).hosts.length, 1);
    const error = await refusedWith(
      "PERMISSION_MISSING",
      "PERMISSION_DENIED",
      profiles.createProfile({ profileId: "p", profile: profileOf() }),
    );
    assert.deepEqual(
      { found: error.metadata["found"], needs: error.metadata["needs"] },
      { found: "role viewer", needs: "role operator" },
    );
    await refusedWith(
      "PERMISSION_MISSING",
      "PERMISSION_DENIED",
      jobs.createNoopJob({ host: "hosts/r740-01" }),
    );
  });

  it("lets operators change things, but only admins hand out access", async () => {
    const { profiles, enrollment } = world.connect("olga-secret");
    await profiles.createProfile({ profileId: "p", profile: profileOf() });
    const token = { host: "hosts/r740-02" };
    await refusedWith(
      "PERMISSION_MISSING",
      "PERMISSION_DENIED",
      enrollment.createEnrollmentToken(token),
    );
    await world.connect("ada-secret").enrollment.createEnrollmentToken(token);
  });

  it("names the caller in the audit", async () => {
    const { events } = await world.client.events.listEvents({ resource: "profiles/p" });
    assert.equal(events[0]?.actor, "olga");
  });

  it("refuses a token that is not in the table", async () => {
    await refusedWith(
      "CREDENTIALS_INVALID",
      "UNAUTHENTICATED",
      world.connect("guessed").hosts.listHosts({}),
    );
  });
});
