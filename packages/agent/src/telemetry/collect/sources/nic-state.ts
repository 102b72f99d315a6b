import {
  findVnicCounters,
  listHealthReporters,
  listTemperatures,
  readOptional,
  readPciLink,
} from "@switchyard/host";
import type { Pf } from "@switchyard/model";
import { reportersOfPf, VNIC } from "../../card/reporters.ts";
import type { Pass, Source } from "../source.ts";
import { pfsOf } from "./netdevs.ts";

/** `speed` of sysfs is in Mbit/s, -1 while there is no link. */
const BYTES_PER_MEGABIT = 1_000_000 / 8;
const GIGA = 1e9;

async function addLink(pass: Pass, { pciAddress, link }: Pf): Promise<void> {
  const { host } = pass;
  const folder = `/sys/class/net/${link.netdev}`;
  if (!(await host.exists(folder))) return;
  // Refused while the netdev is down.
  const carrier = await readOptional(host, `${folder}/carrier`);
  pass.add("nic.link.up", pciAddress, carrier === "1" ? 1 : 0);
  const megabits = Number((await readOptional(host, `${folder}/speed`)) ?? Number.NaN);
  const speed = megabits > 0 ? megabits * BYTES_PER_MEGABIT : undefined;
  pass.add("nic.link.speed", pciAddress, speed);
}

async function addPciLink(pass: Pass, { pciAddress }: Pf): Promise<void> {
  const link = await pass.attempt(() => readPciLink(pass.host, pciAddress));
  if (link === undefined) return;
  pass.add("nic.pcie.speed", pciAddress, link.speedGtps * GIGA);
  pass.add("nic.pcie.speed_max", pciAddress, link.maxSpeedGtps * GIGA);
  pass.add("nic.pcie.width", pciAddress, link.width);
  pass.add("nic.pcie.width_max", pciAddress, link.maxWidth);
}

/** Links of the ports, towards the wire and towards the processor. */
export const linkSource = (): Source => ({
  name: "links",
  rate: "10s",
  read: async (pass) => {
    for (const pf of pfsOf(pass.inventory)) {
      await addLink(pass, pf);
      await addPciLink(pass, pf);
    }
  },
});

async function addVnic(pass: Pass, handle: string, pf: string): Promise<void> {
  const counters = await pass.attempt(() => findVnicCounters(pass.host, handle));
  for (const [event, count] of counters?.events ?? []) {
    pass.add("nic.health.vnic_events", `${pf}/${event}`, count);
  }
  pass.add("nic.health.error_queues", pf, counters?.errorQueueCount);
}

/** States of the reporters of PFs and of their wire's ports, and what the card counts against the PFs. */
export const healthSource = (): Source => ({
  name: "devlink health",
  rate: "10s",
  read: async (pass) => {
    const pfs = pfsOf(pass.inventory);
    if (pfs.length === 0) return;
    const all = await listHealthReporters(pass.host);
    for (const pf of pfs) {
      for (const reporter of reportersOfPf(all, pf)) {
        const object = `${pf.pciAddress}/${reporter.name}`;
        pass.add("nic.health.healthy", object, reporter.isHealthy ? 1 : 0);
        pass.add("nic.health.errors", object, reporter.errorCount);
        pass.add("nic.health.recoveries", object, reporter.recoveryCount);
        if (reporter.name === VNIC && reporter.portIndex === undefined)
          await addVnic(pass, reporter.handle, pf.pciAddress);
      }
    }
  },
});

const CPU_CHIPS: ReadonlySet<string> = new Set(["coretemp", "k10temp"]);
/** Cores are left out: a package's own sensor is the hottest of them. */
const CPU_LABELS = /^(Package id \d+|Tctl)$/;

/** Sensors of the cards and of the processors. */
export const temperatureSource = (): Source => ({
  name: "temperatures",
  rate: "10s",
  read: async (pass) => {
    const cards = new Set<string>(pfsOf(pass.inventory).map(({ pciAddress }) => pciAddress));
    const sensors = await listTemperatures(pass.host, () => true);
    for (const { chip, device = "", label, celsius, criticalCelsius } of sensors) {
      if (cards.has(device)) {
        const object = `${device}/${label}`;
        pass.add("nic.temperature", object, celsius);
        pass.add("nic.temperature_critical", object, criticalCelsius);
      } else if (CPU_CHIPS.has(chip) && CPU_LABELS.test(label)) {
        pass.add("host.temperature", label, celsius);
        pass.add("host.temperature_critical", label, criticalCelsius);
      }
    }
  },
});
