import type { HttpResponse } from "../http/http.ts";
import { addJob, type Idrac, scheduledJob } from "./idrac.ts";
import * as say from "./messages.ts";
import { type IdracNic, isVirtualizationMode, VIRTUALIZATION_MODES } from "./nics.ts";
import { CHASSIS, JOBS, SYSTEM } from "./redfish-call.ts";

const ADAPTERS = `${CHASSIS}/NetworkAdapters`;
const MODE = "VirtualizationMode";

const functionsOf = (adapter: string): string => `${ADAPTERS}/${adapter}/NetworkDeviceFunctions`;
const attributesOf = ({ adapter, id }: IdracNic): string =>
  `${functionsOf(adapter)}/${id}/Oem/Dell/DellNetworkAttributes/${id}`;
const settingsOf = (nic: IdracNic): string => `${attributesOf(nic)}/Settings`;

/** The function whose settings a job is asked for; undefined for a path of no function. */
export const nicOfSettings = ({ nics }: Idrac, path: unknown): IdracNic | undefined =>
  nics.find((nic) => settingsOf(nic) === path);

const collection = (members: readonly object[]): HttpResponse =>
  say.json(200, { Members: members, "Members@odata.count": members.length });

/** `0000:82:00.1` is `130-0-1`. */
function pciFunctionPath(pciAddress: string): string {
  const numbers = pciAddress.split(/[:.]/).slice(1);
  const [bus, device, fn] = numbers.map((each) => Number.parseInt(each, 16));
  const slot = `${bus}-${device}`;
  return `${SYSTEM}/PCIeDevices/${slot}/PCIeFunctions/${slot}-${fn}`;
}

const networkFunction = (nic: IdracNic) => ({
  "@odata.id": `${functionsOf(nic.adapter)}/${nic.id}`,
  Id: nic.id,
  Ethernet: {
    MACAddress: nic.mac().toUpperCase(),
    PermanentMACAddress: nic.mac().toUpperCase(),
  },
  Links: { PCIeFunction: { "@odata.id": pciFunctionPath(nic.pciAddress) } },
});

const attributes = (nic: IdracNic): HttpResponse =>
  say.json(200, {
    "@odata.id": attributesOf(nic),
    Id: nic.id,
    AttributeRegistry: `NetworkAttributesRegistry_${nic.id}`,
    Attributes: { [MODE]: nic.mode },
  });

const settings = (nic: IdracNic): HttpResponse =>
  say.json(200, {
    "@odata.id": settingsOf(nic),
    Attributes: nic.pendingMode === undefined ? {} : { [MODE]: nic.pendingMode },
  });

const registry = ({ id }: IdracNic): HttpResponse =>
  say.json(200, {
    Id: `NetworkAttributesRegistry_${id}`,
    OwningEntity: "Dell",
    RegistryEntries: {
      Attributes: [
        {
          AttributeName: MODE,
          DisplayName: "Virtualization Mode",
          Type: "Enumeration",
          ReadOnly: false,
          Value: VIRTUALIZATION_MODES.map((each) => ({ ValueName: each, ValueDisplayName: each })),
        },
      ],
    },
  });

function patch(idrac: Idrac, nic: IdracNic, body: Readonly<Record<string, unknown>>) {
  if (scheduledJob(idrac, nic.id) !== undefined) return say.pendingCommitted();
  const wanted = body["Attributes"];
  if (typeof wanted !== "object" || wanted === null) return say.unknownProperty("Attributes");
  const { [MODE]: mode, ...others } = wanted as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return say.unknownProperty(unknown);
  if (!isVirtualizationMode(mode)) return say.valueNotInList(MODE, mode);
  nic.pendingMode = mode;
  if (body["@Redfish.SettingsApplyTime"] === undefined || idrac.faults.makesNoJobs) {
    return say.taken({}, 200);
  }
  return say.taken({ Location: `${JOBS}/${addJob(idrac, nic.id).id}` }, 202);
}

function clearPending(idrac: Idrac, nic: IdracNic): HttpResponse {
  if (scheduledJob(idrac, nic.id) !== undefined) return say.pendingCommitted();
  nic.pendingMode = undefined;
  return say.taken({}, 200);
}

/** Makes the job that brings a function's pending mode. */
export function createNicJob(idrac: Idrac, nic: IdracNic): HttpResponse {
  if (scheduledJob(idrac, nic.id) !== undefined) return say.pendingCommitted();
  if (nic.pendingMode === undefined) return say.noPending();
  return say.taken({ Location: `${JOBS}/${addJob(idrac, nic.id).id}` }, 200);
}

/**
 * Answers what is asked of NICs; undefined for all other requests.
 *
 * @see dell/iDRAC-Redfish-Scripting; DMTF schema NetworkDeviceFunction
 */
export function answerNics(
  idrac: Idrac,
  key: string,
  body: Readonly<Record<string, unknown>>,
): HttpResponse | undefined {
  const adapters = [...new Set(idrac.nics.map(({ adapter }) => adapter))];
  if (key === `GET ${ADAPTERS}`) {
    return collection(adapters.map((each) => ({ "@odata.id": `${ADAPTERS}/${each}` })));
  }
  const listed = adapters.find((each) => key === `GET ${functionsOf(each)}`);
  if (listed !== undefined) {
    return collection(idrac.nics.filter(({ adapter }) => adapter === listed).map(networkFunction));
  }
  for (const nic of idrac.nics) {
    const name = `NetworkAttributesRegistry_${nic.id}`;
    if (key === `GET ${attributesOf(nic)}`) return attributes(nic);
    if (key === `GET ${settingsOf(nic)}`) return settings(nic);
    if (key === `GET /redfish/v1/Registries/${name}/${name}`) return registry(nic);
    if (key === `PATCH ${settingsOf(nic)}`) return patch(idrac, nic, body);
    if (key === `POST ${settingsOf(nic)}/Actions/DellManager.ClearPending`) {
      return clearPending(idrac, nic);
    }
  }
  return undefined;
}
