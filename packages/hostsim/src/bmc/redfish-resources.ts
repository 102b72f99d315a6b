import { BIOS_TARGET, type Idrac, type IdracJob, type ResetType } from "./idrac.ts";
import { CHASSIS, JOBS, ROOT, SYSTEM } from "./redfish-call.ts";

/* What an iDRAC9 shows. */

/** Of the R740's two supplies. */
const POWER_CAPACITY_WATTS = 750;

export const RESET_TYPES: readonly ResetType[] = [
  "On",
  "ForceOff",
  "ForceRestart",
  "GracefulRestart",
  "GracefulShutdown",
  "PowerCycle",
  "PushPowerButton",
  "Nmi",
];

export const serviceRoot = () => ({
  "@odata.id": ROOT,
  Name: "Root Service",
  RedfishVersion: "1.11.0",
  Systems: { "@odata.id": `${ROOT}/Systems` },
  Chassis: { "@odata.id": `${ROOT}/Chassis` },
  Managers: { "@odata.id": `${ROOT}/Managers` },
  SessionService: { "@odata.id": `${ROOT}/SessionService` },
});

export const collection = (...paths: string[]) => ({
  Members: paths.map((path) => ({ "@odata.id": path })),
  "Members@odata.count": paths.length,
});

export const system = ({ spec, powerState, attributes }: Idrac) => ({
  "@odata.id": SYSTEM,
  Id: "System.Embedded.1",
  Manufacturer: "Dell Inc.",
  Model: spec.model,
  SKU: spec.serviceTag,
  BiosVersion: attributes.get("SystemBiosVersion"),
  PowerState: powerState,
  Status: { Health: "OK", State: powerState === "On" ? "Enabled" : "StandbyOffline" },
  Bios: { "@odata.id": `${SYSTEM}/Bios` },
  Actions: {
    "#ComputerSystem.Reset": {
      target: `${SYSTEM}/Actions/ComputerSystem.Reset`,
      "ResetType@Redfish.AllowableValues": RESET_TYPES,
    },
  },
});

export const chassis = ({ spec, powerState }: Idrac) => ({
  "@odata.id": CHASSIS,
  Id: "System.Embedded.1",
  ChassisType: "RackMount",
  Model: spec.model,
  SKU: spec.serviceTag,
  PowerState: powerState,
  Power: { "@odata.id": `${CHASSIS}/Power` },
});

/** @see DMTF schema Power; dell/iDRAC-Redfish-Scripting */
export function power({ readWatts }: Idrac) {
  const watts = readWatts() ?? null;
  return {
    "@odata.id": `${CHASSIS}/Power`,
    Id: "Power",
    PowerControl: [
      {
        "@odata.id": `${CHASSIS}/Power#/PowerControl/0`,
        Name: "System Power Control",
        PowerConsumedWatts: watts,
        PowerCapacityWatts: POWER_CAPACITY_WATTS,
      },
    ],
  };
}

export const bios = ({ attributes }: Idrac) => ({
  "@odata.id": `${SYSTEM}/Bios`,
  AttributeRegistry: "BiosAttributeRegistry.v1_0_0",
  Attributes: Object.fromEntries(attributes),
  "@Redfish.Settings": { SettingsObject: { "@odata.id": `${SYSTEM}/Bios/Settings` } },
});

export const settings = ({ pending }: Idrac) => ({
  "@odata.id": `${SYSTEM}/Bios/Settings`,
  AttributeRegistry: "BiosAttributeRegistry.v1_0_0",
  Attributes: Object.fromEntries(pending),
  Actions: {
    Oem: {
      "#DellManager.ClearPending": {
        target: `${SYSTEM}/Bios/Settings/Actions/Oem/DellManager.ClearPending`,
      },
    },
  },
});

export const registry = (idrac: Idrac) => ({
  Id: "BiosAttributeRegistry.v1_0_0",
  OwningEntity: "Dell",
  RegistryEntries: {
    Attributes: idrac.registry.map(({ name, displayName, type, values, isReadOnly }) => ({
      AttributeName: name,
      DisplayName: displayName,
      Type: type,
      ReadOnly: isReadOnly,
      ...(type === "Integer" ? { LowerBound: 0, UpperBound: 600 } : {}),
      Value: values.map((value) => ({ ValueName: value, ValueDisplayName: value })),
    })),
  },
});

export const job = ({ id, name, target, state, message }: IdracJob) => ({
  "@odata.id": `${JOBS}/${id}`,
  Id: id,
  JobState: state,
  JobType: target === BIOS_TARGET ? "BIOSConfiguration" : "NICConfiguration",
  Message: message,
  MessageId: state === "Completed" ? "PR19" : "JCP001",
  Name: name,
  PercentComplete: state === "Completed" || state === "Failed" ? 100 : 0,
  StartTime: "TIME_NOW",
  EndTime: "TIME_NA",
});
