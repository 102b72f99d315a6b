import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseHostId, parseJobId } from "@switchyard/model";
import {
  eventSubject,
  jobSubject,
  parseEventSubject,
  parseHostSubject,
  SHARD_COUNT,
  shardOf,
  telemetrySubject,
} from "./subjects.ts";

const host = parseHostId("r740-12");
const job = parseJobId("01890000-0000-7000-8000-000000000001");

describe("subjects", () => {
  it("keeps a host on its shard for good", () => {
    assert.equal(jobSubject(host, job), `sy.job.2.r740-12.${job}`);
  });

  it("spreads a fleet evenly over the shards", () => {
    const counts = new Array<number>(SHARD_COUNT).fill(0);
    for (let index = 0; index < 1_600; index += 1) {
      const shard = shardOf(parseHostId(`host-${index}`));
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    assert.ok(Math.min(...counts) > 60 && Math.max(...counts) < 140, counts.join(" "));
  });

  it("names the host that a subject is of", () => {
    assert.deepEqual(parseEventSubject(eventSubject(host, job)), { host, job });
    assert.equal(parseHostSubject("tel", telemetrySubject(host)), host);
    assert.equal(parseHostSubject("state", `sy.state.${host}`), host);
  });

  it("does not read other subjects", () => {
    const foreign = ["sy.evt.UPPER.x", `sy.evt.${host}`, `sy.evt.${host}.${job}.x`, "$JS.ACK.a.b"];
    for (const subject of foreign) assert.equal(parseEventSubject(subject), undefined);
    assert.equal(parseHostSubject("hb", `sy.hb.x.${host}`), undefined);
    assert.equal(parseHostSubject("hb", `sy.state.${host}`), undefined);
  });
});
