import type { ControllerBus, HostHeartbeat } from "@switchyard/bus";
import { freezeText, type HostId } from "@switchyard/model";
import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { DispatchStore, PresenceStore } from "@switchyard/store";
import type { HostCommands } from "../dispatch/host-commands.ts";
import type { Rounds } from "../gateway/metrics/instruments.ts";

/** Who is there, by heartbeats. */
export interface Presence extends Service {
  /** The newest heartbeat of each host that this controller heard. */
  readonly latest: ReadonlyMap<HostId, HostHeartbeat>;
}

export interface PresenceParts {
  readonly bus: Pick<ControllerBus, "onHeartbeat" | "isConnected">;
  readonly store: Pick<PresenceStore, "recordBeats" | "sweep">;
  readonly outbox: Pick<DispatchStore, "resendUnaccepted">;
  readonly commands: Pick<HostCommands, "ping">;
  readonly onResend: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rounds?: Rounds;
}

/** Beats are recorded in one statement so often; a beat is sent every 5 s. */
const RECORD_MS = 2_000;
/** Two beats of 5 s plus 20 % missed, and one recording. */
const SUSPECT_AFTER_MS = 14_000;
const LOST_AFTER_MS = 30_000;
/** A round that begins so much later than it should finds beats that waited with it: nobody was silent. */
const STALL_MS = 5_000;
/** Hosts remembered; far above what one broker carries. */
const HOSTS_MAX = 20_000;

export function startPresence(parts: PresenceParts): Presence {
  const { bus, store, outbox, commands, clock, log } = parts;
  const rounds: Rounds = parts.rounds ?? ((_loop, round) => round());
  const latest = new Map<HostId, HostHeartbeat>();
  const unrecorded = new Map<HostId, HostHeartbeat>();
  let hearingSinceMs = clock.monotonicMs();
  const beginToListen = () => {
    hearingSinceMs = clock.monotonicMs();
  };

  const subscription = bus.onHeartbeat((beat) => {
    if (latest.size >= HOSTS_MAX && !latest.has(beat.host)) return;
    latest.set(beat.host, beat);
    unrecorded.set(beat.host, beat);
  });

  const record = async () => {
    if (unrecorded.size === 0) return;
    const beats = [...unrecorded.values()];
    unrecorded.clear();
    const { returned, rebooted } = await store.recordBeats(beats).catch((error: unknown) => {
      for (const beat of beats) if (!unrecorded.has(beat.host)) unrecorded.set(beat.host, beat);
      throw error;
    });
    if (rebooted.length > 0) log.info({ hosts: rebooted }, "hosts were booted");
    if (returned.length === 0) return;
    log.info({ hosts: returned }, "hosts are back");
    await outbox.resendUnaccepted(returned);
    parts.onResend();
  };

  /** A heartbeat is sent at most once; a host that answers is there all the same. */
  const probe = async (host: HostId) => {
    const beat = latest.get(host);
    if (beat === undefined) return;
    await commands.ping(host).then(
      () => unrecorded.set(host, beat),
      () => log.warn({ host }, "host gives no sign of life"),
    );
  };

  const sweep = async () => {
    // Deaf controllers declare nobody lost, and new ones listen for one whole lease first.
    if (!bus.isConnected()) beginToListen();
    if (clock.monotonicMs() - hearingSinceMs < LOST_AFTER_MS) return;
    const report = await store.sweep({
      suspectAfterMs: SUSPECT_AFTER_MS,
      lostAfterMs: LOST_AFTER_MS,
    });
    if (report.lost.length > 0) log.warn({ hosts: report.lost }, "hosts are lost");
    const { freeze, isFreezeChanged } = report;
    if (isFreezeChanged && freeze === undefined) log.info({}, "the fleet is not frozen any more");
    if (isFreezeChanged && freeze !== undefined) log.error({ freeze }, freezeText(freeze));
    await Promise.all(report.suspected.map(probe));
  };

  const loop = startLoop(
    async (signal) => {
      while (!signal.aborted) {
        const beforeMs = clock.monotonicMs();
        await clock.sleep(RECORD_MS, signal);
        if (clock.monotonicMs() - beforeMs > RECORD_MS + STALL_MS) beginToListen();
        await rounds("presence", () => record().then(sweep)).catch((error: unknown) => {
          // What was heard meanwhile is not on record, so nobody's silence is either.
          beginToListen();
          log.warn({ error }, "presence can't be recorded");
        });
      }
    },
    (error) => log.error({ error }, "presence ended"),
  );
  return {
    latest,
    stop: async () => {
      await subscription.stop();
      await loop.stop();
    },
  };
}
