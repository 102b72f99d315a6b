import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  type NetworkId,
  type NetworkSpec,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type pg from "pg";
import type { Statement } from "../connection/exchange.ts";
import { freeAddressesIn, freeMacsIn, segmentOf } from "../networks/free-address.ts";
import type { LockedNetwork } from "./lock-and-look.ts";

/** How long it is remembered where a pool was last searched: what is freed below comes into use then. */
const HINT_MS = 1_000;
/** A search of a whole pool may take this part of the time; what is freed in a pool of millions waits longer. */
const SEARCH_SHARE = 0.02;
const HINT_MAX_MS = 60_000;
/** Networks whose pools are looked into with the locks; what others need is searched for afterwards. */
const GUESSES_MAX = 16;
/** Numbers looked at beyond those wanted: other controllers took some since. */
const GUESS_SPARE = 32;

/** Where the search for free addresses begins; a guess, and never more. */
export interface Hint {
  readonly address: Ipv4Address;
  readonly mac: MacAddress;
}

interface KnownHint extends Hint, LockedNetwork {
  readonly untilMs: number;
}

/** By network. */
export interface PoolHints {
  find(network: NetworkId): Hint | undefined;
  /** @param searchMs that it took to find it; a search of the whole pool is repeated the less often the longer */
  note(id: NetworkId, network: LockedNetwork, found: Hint & { readonly searchMs: number }): void;
  /** Looks behind the hints of these networks for as many free ones. */
  guess(networks: readonly NetworkId[], count: number): Guess;
}

/** Free addresses and MACs of a network's pools, ascending. */
export interface FreeOnes {
  readonly addresses: readonly Ipv4Address[];
  readonly macs: readonly MacAddress[];
}

/** Statements that go with the locks, behind them, and what they found for networks that are as they were. */
export interface Guess {
  readonly statements: readonly Statement[];
  read(results: readonly pg.QueryResult[]): Guessed;
}

export interface Guessed {
  /** Undefined where nothing was looked for, or the network has changed. */
  of(id: NetworkId, network: LockedNetwork): FreeOnes | undefined;
}

export function createPoolHints(clock: Clock): PoolHints {
  const hints = new Map<NetworkId, KnownHint>();
  const find = (network: NetworkId): KnownHint | undefined => {
    const hint = hints.get(network);
    return hint !== undefined && clock.monotonicMs() < hint.untilMs ? hint : undefined;
  };
  return {
    find,
    note: (id, { etag, spec }, { address, mac, searchMs }) => {
      const lastsMs = Math.min(HINT_MAX_MS, Math.max(HINT_MS, searchMs / SEARCH_SHARE));
      // Kept from when the whole pool was last searched, so that gaps are found again in time.
      const untilMs = find(id)?.untilMs ?? clock.monotonicMs() + lastsMs;
      hints.set(id, { address, mac, etag, spec, untilMs });
    },
    guess: (networks, count) => {
      const guessed = networks
        .flatMap((id) => {
          const hint = find(id);
          return hint === undefined ? [] : [{ id, hint }];
        })
        .slice(0, GUESSES_MAX);
      return {
        statements: guessed.flatMap(({ hint }) => statementsOf(hint, count)),
        read: (results) => ({
          of: (id, { etag }) => {
            const at = guessed.findIndex((each) => each.id === id && each.hint.etag === etag);
            return at < 0 ? undefined : freeOnesOf(results[2 * at], results[2 * at + 1]);
          },
        }),
      };
    },
  };
}

function statementsOf(
  { address, mac, spec }: Hint & { readonly spec: NetworkSpec },
  count: number,
) {
  const { ipPool, macPool } = spec;
  const reach = count + GUESS_SPARE;
  const lastAddress = Math.min(ipv4ToNumber(ipPool.last), ipv4ToNumber(address) + reach);
  const lastMac = Math.min(macToNumber(macPool.last), macToNumber(mac) + reach);
  return [
    freeAddressesIn(segmentOf(spec), { from: address, to: ipv4FromNumber(lastAddress) }, count),
    freeMacsIn({ from: mac, to: macFromNumber(lastMac) }, count),
  ];
}

const freeOnesOf = (
  addresses: pg.QueryResult | undefined,
  macs: pg.QueryResult | undefined,
): FreeOnes => ({
  addresses: (addresses?.rows ?? []).map(({ free }: { readonly free: Ipv4Address }) => free),
  macs: (macs?.rows ?? []).map(({ free }: { readonly free: number }) => macFromNumber(free)),
});
