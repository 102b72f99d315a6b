import {
  type Argv,
  DOMAIN_NAMESPACE,
  DOMAINS_FOLDER,
  domainName,
  domainPaths,
  HostError,
  virshDefine,
  virshDestroy,
  virshResume,
  virshShutdown,
  virshStart,
  virshUndefine,
  vmOfDomain,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { findQemuFailure } from "../qemu/parse.ts";
import { failureMetadata, listIfThere, readOptional } from "../tool.ts";
import { domainState } from "./commands.ts";
import { type DomainState, findVirshRefusal, parseDomainState } from "./parse.ts";

/** libvirt answers a start once QEMU's devices are set up; emulated hosts are slow. */
const START_TIMEOUT_MS = 180_000;
/** libvirt sends SIGTERM, waits up to 15 s, then sends SIGKILL. @see libvirt src/qemu/qemu_process.c */
const DESTROY_TIMEOUT_MS = 60_000;

/** Lines at the log's end in which words of the last run are looked for. */
const LOG_LINES_READ = 20;
const WORDS_MAX = 500;

const isOurs = (definition: string): boolean => definition.includes(DOMAIN_NAMESPACE);

/** Whether libvirt knows a domain of this VM, running or not. */
export async function isDomainDefined(host: Host, vm: string): Promise<boolean> {
  const definition = await readOptional(host, domainPaths(vm).definition);
  return definition !== undefined && isOurs(definition);
}

/** VMs whose domain libvirt knows. */
export async function listDomainVms(host: Host): Promise<readonly string[]> {
  const files = await listIfThere(host, DOMAINS_FOLDER);
  const vms = files.flatMap((file) => vmOfDomain(/^(.+)\.xml$/.exec(file)?.[1] ?? "") ?? []);
  const areOurs = await Promise.all(vms.map((vm) => isDomainDefined(host, vm)));
  return vms.filter((_, at) => areOurs[at]);
}

/**
 * Last line that the domain's QEMU wrote, of the log that libvirt keeps; undefined without one. libvirt's own
 * lines bear a time.
 */
export async function readDomainLastWords(host: Host, vm: string): Promise<string | undefined> {
  const log = (await readOptional(host, domainPaths(vm).log)) ?? "";
  const lines = log.split("\n").slice(-LOG_LINES_READ);
  return lines
    .findLast((line) => /qemu-\S+: (?!terminating on signal)/.test(line))
    ?.slice(0, WORDS_MAX);
}

/**
 * Defines the domain that a file describes, in place of an earlier one of the same VM.
 *
 * @throws HostError LIBVIRT_DOMAIN_TAKEN (someone else's domain has the name), LIBVIRT_UNREACHABLE,
 *   VM_START_FAILED with libvirt's words
 */
export async function defineDomain(host: Host, vm: string, file: string): Promise<void> {
  const { definition } = domainPaths(vm);
  const existing = await readOptional(host, definition);
  if (existing !== undefined && !isOurs(existing)) {
    throw new HostError("LIBVIRT_DOMAIN_TAKEN", `libvirt has another domain ${domainName(vm)}`, {
      found: `${definition} without Switchyard's mark`,
      needs: "no domain of that name, or one that Switchyard defined",
      try: `virsh dumpxml ${domainName(vm)}`,
    });
  }
  const argv = virshDefine(file);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw startError(vm, argv, result);
}

/**
 * Starts a defined domain and returns once its QEMU runs. Active already is success.
 *
 * @throws HostError VM_START_FAILED with libvirt's words and, where known, `metadata.cause`,
 *   LIBVIRT_UNREACHABLE; CommandError COMMAND_TIMED_OUT
 */
export async function startDomain(host: Host, vm: string): Promise<void> {
  const argv = virshStart(vm);
  const result = await host.run({ argv, timeoutMs: START_TIMEOUT_MS });
  if (result.exitCode === 0 || findVirshRefusal(result.stderr) === "active") return;
  throw startError(vm, argv, result);
}

/** Asks the guest to power off, by ACPI. Returns at once; a domain that does not run is success. */
export const shutDownDomain = (host: Host, vm: string): Promise<void> =>
  runOnDomain(host, virshShutdown(vm));

/** Ends the domain's QEMU; one that does not run is success. */
export const destroyDomain = (host: Host, vm: string): Promise<void> =>
  runOnDomain(host, virshDestroy(vm), DESTROY_TIMEOUT_MS);

/** Lets a paused domain go on. */
export const resumeDomain = (host: Host, vm: string): Promise<void> =>
  runOnDomain(host, virshResume(vm));

/** Makes libvirt forget the VM's domain. Another's of that name is left alone; gone is success. */
export async function undefineDomain(host: Host, vm: string): Promise<void> {
  if (await isDomainDefined(host, vm)) await runOnDomain(host, virshUndefine(vm));
}

/**
 * What libvirt says of the domain, and why; undefined where it knows none.
 *
 * @throws HostError LIBVIRT_UNREACHABLE; CommandError COMMAND_FAILED, COMMAND_TIMED_OUT
 */
export async function readDomainState(host: Host, vm: string): Promise<DomainState | undefined> {
  const argv = domainState(vm);
  const result = await host.run({ argv });
  if (result.exitCode === 0) return parseDomainState(result.stdout);
  if (findVirshRefusal(result.stderr) === "absent") return undefined;
  throw virshError(argv, result);
}

async function runOnDomain(host: Host, argv: Argv, timeoutMs?: number): Promise<void> {
  const result = await host.run({ argv, ...(timeoutMs !== undefined && { timeoutMs }) });
  const refusal = result.exitCode === 0 ? undefined : findVirshRefusal(result.stderr);
  if (result.exitCode === 0 || refusal === "absent" || refusal === "not-running") return;
  throw virshError(argv, result);
}

const virshError = (argv: Argv, result: CommandResult): HostError =>
  findVirshRefusal(result.stderr) === "unreachable"
    ? new HostError("LIBVIRT_UNREACHABLE", "libvirt's daemon does not answer", {
        ...failureMetadata(argv, result),
        try: "systemctl status libvirtd virtqemud",
      })
    : new HostError(
        "LIBVIRT_REFUSED",
        `libvirt refused ${argv.slice(3).join(" ")}`,
        failureMetadata(argv, result),
      );

function startError(vm: string, argv: Argv, result: CommandResult): HostError {
  if (findVirshRefusal(result.stderr) === "unreachable") return virshError(argv, result);
  const known = findQemuFailure(result.stderr);
  const why = known === undefined ? "" : `: ${known.cause}`;
  return new HostError("VM_START_FAILED", `${vm} did not start${why}`, {
    ...failureMetadata(argv, result),
    ...(known !== undefined && { cause: known.cause, try: known.fix }),
  });
}
