import { type BiosSpec, KNOWN_BIOS_ATTRIBUTES } from "@switchyard/model";
import { planBios } from "../host/sections/bios.ts";
import { isSriovMissing, nicPortsOf } from "../host/sections/nic-functions.ts";
import {
  type Description,
  type DescriptionContext,
  leftOut,
  nothingFound,
  provenSection,
} from "./description.ts";

/**
 * The settings whose meaning Switchyard knows, as the BMC tells them. Those that a job is about to change are
 * left out; without a BMC that answers there is nothing to tell.
 */
export function describeBios(context: DescriptionContext): Description<BiosSpec> {
  const facts = context.observed.bmc?.facts;
  if (facts === undefined) return nothingFound;
  const known = Object.entries(KNOWN_BIOS_ATTRIBUTES).flatMap(([name, values]) => {
    const value = facts.biosAttributes[name];
    return value !== undefined && values.includes(String(value)) ? [[name, String(value)]] : [];
  });
  const isChanging = (name: string) => name in facts.pendingAttributes;
  const steady = known.filter(([name = ""]) => !isChanging(name));
  const changing = known.map(([name = ""]) => name).filter(isChanging);
  const findings =
    changing.length === 0
      ? []
      : [
          leftOut(context.host, "BIOS settings that wait for a boot", {
            found: changing.map((name) => `${name}=${facts.pendingAttributes[name]}`).join(", "),
            needs: "no pending setting",
            fix: "Boot the host, or clear what is pending at its BMC, and describe it again.",
          }),
        ];
  const functions = nicPortsOf(context.observed).flatMap(({ nicFunction }) => nicFunction ?? []);
  const hasSriov = functions.length > 0 && !functions.some(isSriovMissing);
  if (steady.length === 0 && !hasSriov) return { spec: undefined, findings };
  const spec: BiosSpec = {
    attributes: Object.fromEntries(steady),
    ...(hasSriov && { nicVirtualization: "sriov" }),
  };
  const section = { plan: planBios, what: "BIOS settings" };
  const proven = provenSection(context, section, { spec, part: { bios: spec } });
  return { spec: proven.spec, findings: [...findings, ...proven.findings] };
}
