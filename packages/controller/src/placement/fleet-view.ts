import type {
  HostId,
  ImageId,
  ImageSpec,
  Ipv4Address,
  Ipv4Cidr,
  NetworkId,
  NetworkSpec,
  VmId,
} from "@switchyard/model";
import { type Clock, type Logger, type Service, startLoop } from "@switchyard/runtime";
import type {
  FleetChange,
  FleetStore,
  LogCursor,
  ResidentRecord,
  Store,
  VmRecord,
} from "@switchyard/store";
import { isTooOld } from "../api/watch/too-old.ts";
import { type AddressIndex, addressesBetween, indexAddresses } from "./address-index.ts";
import { createLooks } from "./looks.ts";
import { createRosterKeeper, type Roster } from "./roster.ts";
import { type ViewedHost, viewHost, withBusy, withImage, withVm } from "./viewed-host.ts";

/** A network as the view has it. */
export interface ViewedNetwork {
  readonly id: NetworkId;
  readonly etag: string;
  readonly spec: NetworkSpec;
}

/**
 * The fleet in memory, for planning. It may be a moment behind: what is planned on it is checked where it is
 * taken, and a host that turns out otherwise is read again.
 */
export interface FleetView {
  /** Loads it, and keeps it from falling far behind while nobody asks. */
  start(): Service;
  /** Resolves once the view is at most a moment behind. @throws StoreError DATABASE_UNAVAILABLE */
  fresh(): Promise<void>;
  /** Resolves once everything that was committed before the call is in the view. */
  catchUp(): Promise<void>;
  roster(): Roster;
  find(host: HostId): ViewedHost | undefined;
  /** @throws StoreError NETWORK_NOT_FOUND */
  network(id: NetworkId): Promise<ViewedNetwork>;
  /** @throws StoreError IMAGE_NOT_FOUND */
  image(id: ImageId): Promise<ImageSpec>;
  /** Addresses of hosts' bridges that are in the network's pool, or are asked for. */
  bridgeAddresses(network: NetworkSpec, asked: readonly Ipv4Address[]): readonly Ipv4Cidr[];
  /** Reads hosts again, and forgets networks: something was not as the view had it. */
  refresh(hosts: readonly HostId[]): Promise<void>;
  /** A VM that this process has just placed. */
  note(vm: VmRecord): void;
}

/** How far the view may be behind when a plan is made. */
const FRESH_MS = 100;
/** How often it looks for changes while nobody asks. */
const IDLE_INTERVAL_MS = 1_000;
const RETRY_PAUSE_MS = 1_000;
/** Hosts read at once: an inventory has 100 KiB and more. */
const HOSTS_PER_PAGE = 25;
const CHANGES_PER_PAGE = 500;
/** Networks and images kept of each; more are read again when they are asked for. */
const RECORDS_MAX = 1_000;
/** VMs placed whose log entries are still to be read; beyond it all are taken as they come. */
const NOTED_MAX = 10_000;

const toResident = ({ id, spec, allocation }: VmRecord): ResidentRecord => ({
  vm: id,
  labels: spec.labels ?? {},
  affinity: spec.affinity ?? [],
  vcpuCount: allocation.vcpuCount,
  memoryBytes: allocation.memoryBytes,
  hugepageBytes: spec.hugepageBytes,
  slots: allocation.nics.map(({ pf, vfIndex }) => ({ pf, vfIndex })),
});

export interface FleetViewParts {
  readonly store: Pick<Store, "reads"> & { readonly fleet: FleetStore };
  readonly clock: Clock;
  readonly log: Logger;
}

class View implements FleetView {
  readonly #parts: FleetViewParts;
  readonly #hosts = new Map<HostId, ViewedHost>();
  /** Where each VM is. */
  readonly #hostOf = new Map<VmId, HostId>();
  readonly #networks = new Map<NetworkId, ViewedNetwork>();
  readonly #images = new Map<ImageId, ImageSpec>();
  readonly #bridgeAddresses = new Map<string, AddressIndex>();
  #busy: ReadonlySet<HostId> = new Set();
  readonly #roster = createRosterKeeper(() =>
    [...this.#hosts.values()].map(({ candidate }) => candidate),
  );
  /** VMs placed by this process whose entry in the log is still to come, with the etag that it has. */
  readonly #noted = new Map<VmId, string>();
  #cursor: LogCursor | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  readonly #looks = createLooks(() => this.#look());

  constructor(parts: FleetViewParts) {
    this.#parts = parts;
  }

  start(): Service {
    const { clock, log } = this.#parts;
    return startLoop(
      async (signal) => {
        while (!signal.aborted) {
          try {
            await this.catchUp();
            await clock.sleep(IDLE_INTERVAL_MS, signal);
          } catch (error) {
            log.warn({ err: error }, "the fleet can't be read; placement waits for it");
            await clock.sleep(RETRY_PAUSE_MS, signal);
          }
        }
      },
      (error) => log.error({ err: error }, "the fleet is no longer followed"),
    );
  }

  async fresh(): Promise<void> {
    const behindMs = this.#parts.clock.monotonicMs() - this.#readAtMs;
    const underWay = this.#looks.underWay();
    if (behindMs > FRESH_MS) await (underWay ?? this.catchUp());
    // While calls come nobody has to wait: the next look is over before this one is too old.
    else if (behindMs > FRESH_MS / 2 && underWay === undefined) {
      this.catchUp().catch(() => undefined);
    }
  }

  /** A look that has begun may have read before the call: one behind it serves all who ask meanwhile. */
  catchUp(): Promise<void> {
    return this.#looks.next();
  }

  roster(): Roster {
    return this.#roster.current();
  }

  find(host: HostId): ViewedHost | undefined {
    return this.#hosts.get(host);
  }

  async network(id: NetworkId): Promise<ViewedNetwork> {
    const known = this.#networks.get(id);
    if (known !== undefined) return known;
    const { etag, spec } = await this.#parts.store.reads.networks.get(id);
    if (this.#networks.size >= RECORDS_MAX) this.#networks.clear();
    const network = { id, etag, spec };
    this.#networks.set(id, network);
    return network;
  }

  async image(id: ImageId): Promise<ImageSpec> {
    const known = this.#images.get(id);
    if (known !== undefined) return known;
    const { spec } = await this.#parts.store.reads.images.get(id);
    if (this.#images.size >= RECORDS_MAX) this.#images.clear();
    this.#images.set(id, spec);
    return spec;
  }

  bridgeAddresses(network: NetworkSpec, asked: readonly Ipv4Address[]): readonly Ipv4Cidr[] {
    const { bridge, ipPool } = network;
    let index = this.#bridgeAddresses.get(bridge);
    if (index === undefined) {
      index = indexAddresses(
        [...this.#hosts.values()].flatMap(({ offer }) =>
          offer.bridgeAddresses.flatMap((each) => (each.bridge === bridge ? [each.address] : [])),
        ),
      );
      this.#bridgeAddresses.set(bridge, index);
    }
    return [
      ...addressesBetween(index, ipPool.first, ipPool.last),
      ...asked.flatMap((address) => addressesBetween(index, address, address)),
    ];
  }

  async refresh(hosts: readonly HostId[]): Promise<void> {
    this.#networks.clear();
    this.#setBusy(await this.#parts.store.fleet.listBusyHosts());
    await this.#read(hosts);
  }

  note(vm: VmRecord): void {
    this.#put(vm);
    if (this.#noted.size >= NOTED_MAX) this.#noted.clear();
    this.#noted.set(vm.id, vm.etag);
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#parts;
    const beganAtMs = clock.monotonicMs();
    if (this.#cursor === undefined) await this.#load();
    try {
      await this.#follow();
    } catch (error) {
      if (!isTooOld(error)) throw error;
      await this.#load();
    }
    this.#setBusy(await store.fleet.listBusyHosts());
    this.#readAtMs = beganAtMs;
  }

  /** Everything, and from then on what changed since before the first of it was read. */
  async #load(): Promise<void> {
    const { fleet } = this.#parts.store;
    const cursor = await fleet.changes.now();
    const seen = new Set<HostId>();
    let after: HostId | undefined;
    for (;;) {
      const page = await fleet.listHosts({ after, size: HOSTS_PER_PAGE });
      for (const host of page) {
        seen.add(host.host.id);
        this.#set(host.host.id, viewHost(host, this.#busy.has(host.host.id)));
      }
      after = page.at(-1)?.host.id;
      if (page.length < HOSTS_PER_PAGE) break;
    }
    for (const id of this.#hosts.keys()) if (!seen.has(id)) this.#set(id, undefined);
    this.#networks.clear();
    this.#cursor = cursor;
  }

  async #follow(): Promise<void> {
    for (;;) {
      if (this.#cursor === undefined) return;
      const page = await this.#parts.store.fleet.changes.read(this.#cursor, CHANGES_PER_PAGE);
      await this.#apply(page.entries);
      this.#cursor = page.cursor;
      if (!page.hasMore) return;
    }
  }

  async #apply(changes: readonly FleetChange[]): Promise<void> {
    const hosts = new Set<HostId>();
    const images = new Set<ImageId>();
    for (const change of changes) {
      switch (change.kind) {
        case "hosts":
          hosts.add(change.key);
          break;
        case "images":
          images.add(change.key);
          this.#images.delete(change.key);
          break;
        case "networks":
          this.#networks.delete(change.record.id);
          break;
        case "vms":
          this.#followVm(change);
          break;
      }
    }
    // Read after all changes of the page: what is read is as new as any of them.
    await this.#read([...hosts]);
    for (const image of images) await this.#readImage(image);
  }

  #followVm(change: Extract<FleetChange, { readonly kind: "vms" }>): void {
    const { key, operation, record } = change;
    const noted = this.#noted.get(key);
    this.#noted.delete(key);
    if (operation === "deleted") this.#remove(key);
    // What this process did itself is there already, unless its host was read meanwhile, from before.
    else if (noted !== record.etag || this.#hostOf.get(key) !== record.allocation.host) {
      this.#put(record);
    }
  }

  async #read(ids: readonly HostId[]): Promise<void> {
    for (let at = 0; at < ids.length; at += HOSTS_PER_PAGE) {
      const page = ids.slice(at, at + HOSTS_PER_PAGE);
      const read = await this.#parts.store.fleet.readHosts(page);
      for (const host of read) {
        this.#set(host.host.id, viewHost(host, this.#busy.has(host.host.id)));
      }
    }
  }

  async #readImage(image: ImageId): Promise<void> {
    const there = new Set(await this.#parts.store.fleet.listHostsWith(image));
    for (const [id, host] of this.#hosts) this.#set(id, withImage(host, image, there.has(id)));
  }

  #setBusy(busy: readonly HostId[]): void {
    const before = this.#busy;
    this.#busy = new Set(busy);
    for (const id of new Set([...before, ...busy])) {
      const host = this.#hosts.get(id);
      if (host !== undefined) this.#set(id, withBusy(host, this.#busy.has(id)));
    }
  }

  #set(id: HostId, host: ViewedHost | undefined): void {
    const before = this.#hosts.get(id);
    if (before === host) return;
    this.#roster.set(id, host?.candidate);
    if (before?.offer !== host?.offer) this.#bridgeAddresses.clear();
    if (before?.residents !== host?.residents) {
      for (const vm of before?.residents.keys() ?? []) {
        if (this.#hostOf.get(vm) === id) this.#hostOf.delete(vm);
      }
      for (const vm of host?.residents.keys() ?? []) this.#hostOf.set(vm, id);
    }
    if (host === undefined) this.#hosts.delete(id);
    else this.#hosts.set(id, host);
  }

  #put(vm: VmRecord): void {
    const { host } = vm.allocation;
    const before = this.#hostOf.get(vm.id);
    if (before !== undefined && before !== host) this.#remove(vm.id);
    const viewed = this.#hosts.get(host);
    if (viewed !== undefined) this.#set(host, withVm(viewed, vm.id, toResident(vm)));
  }

  #remove(vm: VmId): void {
    const id = this.#hostOf.get(vm);
    const host = id && this.#hosts.get(id);
    if (id !== undefined && host !== undefined) this.#set(id, withVm(host, vm, undefined));
  }
}

export const createFleetView = (parts: FleetViewParts): FleetView => new View(parts);
