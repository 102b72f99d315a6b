export type { Idrac, IdracFaults, IdracSpec } from "./bmc/idrac.ts";
export { checkEffects, type Effect, type EffectReport, type Repetition } from "./effects.ts";
export {
  createFaults,
  type FaultAction,
  type FaultMatch,
  type FaultRule,
  type Faults,
  type Operation,
} from "./faults.ts";
export {
  type CreateSimHostOptions,
  createSimFleet,
  createSimHost,
  type SimFleet,
  type SimFleetOptions,
} from "./fleet.ts";
export type { HttpRequest, HttpResponse, HttpServer, NoAnswer } from "./http/http.ts";
export { SimWire } from "./l2/wire.ts";
export {
  createLife,
  type Life,
  mortalClock,
  mortalHost,
  type Watch,
} from "./life/life.ts";
export type { Change } from "./machine/act.ts";
export type { MachineOptions } from "./machine/create.ts";
export { FRESH_R740 } from "./machine/fresh.ts";
export type { DocaRelease } from "./machine/packages/doca.ts";
export type { MachineOverrides, MachineSpec, RepresentorOrder } from "./machine/spec.ts";
export {
  docaPackageFile,
  ofedArchiveFile,
  qemuArchiveFile,
  type SimOfedArchive,
} from "./programs/archive-files.ts";
export {
  type DiskEntry,
  type DiskPartition,
  qcow2File,
  readQcow2,
  type SimQcow2,
} from "./programs/disk-images.ts";
export {
  archiveFile,
  dellPackageFile,
  flashImageFile,
  type SimImage,
} from "./programs/firmware-files.ts";
export { type RedfishService, startRedfishService } from "./server/redfish-service.ts";
export { type ConnectedSimHost, connectSimHost } from "./server/sim-host-client.ts";
export { createSimHostServer, type OnCall, type SimHostServer } from "./server/sim-host-server.ts";
export type { Latencies } from "./sim-host/operations.ts";
export { SimHost, type SimHostOptions } from "./sim-host.ts";
export {
  type LoadedSnapshot,
  type LoadSnapshotOptions,
  loadSnapshot,
} from "./snapshot/load-snapshot.ts";
export { createSimWeb, type SimWeb, type WebFault } from "./web/sim-web.ts";
