import {
  cancelSending,
  connectTo,
  endMirror,
  listenOn,
  migrationBlockers,
  mirrorDisk,
  sendGuest,
} from "../machine/migration.ts";
import type { Mirror, QemuPlace } from "../machine/migration-side.ts";
import { type Answer, answer, type Request, refuse } from "./qmp-words.ts";

/*
 * The part of the QEMU machine protocol by which guests go from one QEMU to another.
 * @see qemu/qemu qapi/migration.json, qapi/block-core.json, qapi/block-export.json, qapi/job.json
 */

type Arguments = Readonly<Record<string, unknown>>;
type Command = (place: QemuPlace, args: Arguments) => Answer;

const generic = (desc: string): Answer => refuse("GenericError", desc);
const done = (): Answer => answer({});
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** As QEMU names the nodes of drives that bring no name. */
export const nodeNameOf = (at: number): string => `#block${1 + 2 * at}52`;

const diskOfNode = ({ qemu }: QemuPlace, node: string): string | undefined =>
  qemu.options.disks.find((_, at) => nodeNameOf(at) === node)?.path;
const diskOfDevice = ({ qemu }: QemuPlace, device: string): string | undefined =>
  qemu.options.disks.find((_, at) => `virtio${at}` === device)?.path;

const TCP = /^tcp:(?<address>[^:]+):(?<port>\d+)$/;

function addObject({ machine, qemu }: QemuPlace, args: Arguments): Answer {
  const id = text(args["id"]);
  const { tlsKeys } = qemu.migration;
  if (args["qom-type"] !== "tls-creds-psk") return generic("invalid object type");
  if (tlsKeys.has(id)) {
    return generic(`attempt to add duplicate property '${id}' to object (type 'container')`);
  }
  const path = `${text(args["dir"])}/keys.psk`;
  const key = machine.files.isFile(path)
    ? /^qemu:([0-9a-f]+)$/m.exec(machine.files.read(path))?.[1]
    : undefined;
  if (key === undefined) return generic(`Unable to access credentials ${path}`);
  tlsKeys.set(id, key);
  return done();
}

function removeObject({ qemu }: QemuPlace, args: Arguments): Answer {
  const id = text(args["id"]);
  return qemu.migration.tlsKeys.delete(id) ? done() : generic(`object '${id}' not found`);
}

function setCapabilities({ qemu }: QemuPlace, args: Arguments): Answer {
  const { capabilities, status } = qemu.migration;
  if (status === "active") return generic("There's a migration process in progress");
  for (const each of (args["capabilities"] ?? []) as readonly Arguments[]) {
    const name = text(each["capability"]);
    if (each["state"] === true) capabilities.add(name);
    else capabilities.delete(name);
  }
  return done();
}

function setParameters({ qemu }: QemuPlace, args: Arguments): Answer {
  for (const [name, value] of Object.entries(args)) qemu.migration.parameters.set(name, value);
  return done();
}

function listenForGuest(place: QemuPlace, args: Arguments): Answer {
  const { address = "", port = "0" } = TCP.exec(text(args["uri"]))?.groups ?? {};
  const { qemu } = place;
  if (qemu.status !== "inmigrate")
    return generic("'-incoming' was not specified on the command line");
  if (qemu.migration.closeIncoming !== undefined) {
    return generic("The incoming migration has already been started");
  }
  const close = listenOn(place, { address, port: Number(port), kind: "memory" });
  if (close === undefined) return inUse(address, port);
  qemu.migration.closeIncoming = close;
  return done();
}

const inUse = (address: string, port: string): Answer =>
  generic(`Failed to find an available port: Address already in use (${address}:${port})`);

function startNbd(place: QemuPlace, args: Arguments): Answer {
  const side = place.qemu.migration;
  if (side.closeNbd !== undefined) return generic("NBD server already running");
  const { host, port } = ((args["addr"] as Arguments)["data"] ?? {}) as Arguments;
  const [address, number] = [text(host), text(port)];
  side.parameters.set("tls-creds", args["tls-creds"]);
  const close = listenOn(place, { address, port: Number(number), kind: "disk" });
  if (close === undefined) return inUse(address, number);
  side.closeNbd = () => {
    close();
    side.exports.clear();
  };
  return done();
}

function stopNbd({ qemu }: QemuPlace): Answer {
  const side = qemu.migration;
  if (side.closeNbd === undefined) return generic("NBD server not running");
  side.closeNbd();
  side.closeNbd = undefined;
  return done();
}

function addExport(place: QemuPlace, args: Arguments): Answer {
  const side = place.qemu.migration;
  const node = text(args["node-name"]);
  const disk = diskOfNode(place, node);
  if (side.closeNbd === undefined) return generic("NBD server not running");
  if (disk === undefined) return generic(`Cannot find device='' nor node-name='${node}'`);
  side.exports.set(text(args["name"]), disk);
  return done();
}

function addNode(place: QemuPlace, args: Arguments): Answer {
  const { blockNodes, tlsKeys } = place.qemu.migration;
  const name = text(args["node-name"]);
  if (blockNodes.has(name)) return generic(`Duplicate nodes with node-name='${name}'`);
  const { host, port } = (args["server"] ?? {}) as Arguments;
  const target = {
    address: text(host),
    port: Number(port),
    exportName: text(args["export"]),
    key: tlsKeys.get(text(args["tls-creds"])),
  };
  const found = connectTo(place, { ...target, kind: "disk" });
  if (typeof found === "string") return generic(found);
  if (!found.qemu.migration.exports.has(target.exportName)) {
    return generic(`Requested export not available for '${target.exportName}'`);
  }
  blockNodes.set(name, target);
  return done();
}

function removeNode({ qemu }: QemuPlace, args: Arguments): Answer {
  const name = text(args["node-name"]);
  const { blockNodes, mirror } = qemu.migration;
  if (mirror !== undefined && mirror.status !== "concluded") {
    return generic(`Node '${name}' is busy: node is used as backing hd of 'mirror'`);
  }
  return blockNodes.delete(name) ? done() : generic(`Failed to find node with node-name='${name}'`);
}

function startMirror(place: QemuPlace, args: Arguments): Answer {
  const side = place.qemu.migration;
  const disk = diskOfDevice(place, text(args["device"]));
  const node = side.blockNodes.get(text(args["target"]));
  if (disk === undefined) return generic(`Cannot find device='${text(args["device"])}'`);
  if (node === undefined)
    return generic(`Cannot find device='' nor node-name='${text(args["target"])}'`);
  if (side.mirror !== undefined) return generic(`Job ID '${side.mirror.id}' already in use`);
  const found = connectTo(place, { ...node, kind: "disk" });
  if (typeof found === "string") return generic(found);
  const id = text(args["job-id"]);
  const mirror: Mirror = { id, disk, target: found, status: "running", error: undefined };
  side.mirror = mirror;
  void mirrorDisk(place, mirror);
  return done();
}

function listJobs({ machine, qemu }: QemuPlace): Answer {
  const { mirror } = qemu.migration;
  if (mirror === undefined) return answer([]);
  const { id, status, error, disk } = mirror;
  const total = machine.files.isFile(disk) ? machine.files.readBytes(disk).length : 0;
  const progress = {
    "current-progress": status === "running" ? 0 : total,
    "total-progress": total,
  };
  return answer([
    { id, type: "mirror", status, ...progress, ...(error !== undefined && { error }) },
  ]);
}

function cancelMirror(place: QemuPlace, args: Arguments): Answer {
  const { mirror } = place.qemu.migration;
  const id = text(args["device"]);
  if (mirror?.id !== id || mirror.status === "concluded") {
    return refuse("DeviceNotActive", `Block job '${id}' not found`);
  }
  endMirror(place, mirror, args["force"] === true);
  return done();
}

function dismissJob({ qemu }: QemuPlace, args: Arguments): Answer {
  const side = qemu.migration;
  const id = text(args["id"]);
  if (side.mirror?.id !== id) return generic("Job not found");
  if (side.mirror.status !== "concluded") {
    const state = `Job '${id}' in state '${side.mirror.status}'`;
    return generic(`${state} cannot accept command verb 'dismiss'`);
  }
  side.mirror = undefined;
  return done();
}

function migrate(place: QemuPlace, args: Arguments): Answer {
  const { qemu, machine } = place;
  const side = qemu.migration;
  if (side.status === "active" || side.status === "pre-switchover") {
    return generic("There's a migration process in progress");
  }
  if (qemu.status === "inmigrate") return generic("Guest is waiting for an incoming migration");
  const [blocker] = migrationBlockers(machine, qemu);
  if (blocker !== undefined) return generic(blocker);
  const { address = "", port = "0" } = TCP.exec(text(args["uri"]))?.groups ?? {};
  const tls = side.parameters.get("tls-creds");
  const key = typeof tls === "string" && tls !== "" ? side.tlsKeys.get(tls) : undefined;
  const found = connectTo(place, { address, port: Number(port), kind: "memory", key });
  if (typeof found === "string") {
    side.status = "failed";
    side.error = found;
    return done();
  }
  void sendGuest(place, found);
  return done();
}

function queryMigrate({ machine, qemu }: QemuPlace): Answer {
  const { status, error, transferred } = qemu.migration;
  const total = qemu.options.memoryBytes;
  const blocked = migrationBlockers(machine, qemu);
  return answer({
    ...(status !== "none" && {
      status,
      ram: { transferred, total, remaining: total - transferred },
    }),
    ...(error !== undefined && { "error-desc": error }),
    ...(blocked.length > 0 && { "blocked-reasons": blocked }),
  });
}

function proceed({ qemu }: QemuPlace): Answer {
  const side = qemu.migration;
  if (side.status !== "pre-switchover") {
    return generic("Migration is not in the expected state: 5");
  }
  side.status = "active";
  side.proceed?.();
  return done();
}

const COMMANDS: Readonly<Record<string, Command>> = {
  "object-add": addObject,
  "object-del": removeObject,
  "migrate-set-capabilities": setCapabilities,
  "migrate-set-parameters": setParameters,
  "migrate-incoming": listenForGuest,
  "nbd-server-start": startNbd,
  "nbd-server-stop": stopNbd,
  "block-export-add": addExport,
  "blockdev-add": addNode,
  "blockdev-del": removeNode,
  "blockdev-mirror": startMirror,
  "query-jobs": listJobs,
  "block-job-cancel": cancelMirror,
  "job-dismiss": dismissJob,
  migrate,
  "query-migrate": queryMigrate,
  "migrate-continue": proceed,
  migrate_cancel: (place) => {
    cancelSending(place);
    return done();
  },
};

/** Undefined for a command of another part. */
export const executeMigration = (place: QemuPlace, request: Request): Answer | undefined =>
  COMMANDS[request.execute ?? ""]?.(place, request.arguments ?? {});
