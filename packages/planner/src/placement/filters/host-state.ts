import type { LabelSelector } from "@switchyard/model";
import { libvirtMisfit } from "../../vm/runtime-findings.ts";
import type { CandidateHost } from "../candidate.ts";
import type { Filter } from "./filter.ts";

/** The agent is heard of. */
export const connected: Filter = ({ isConnected }) =>
  isConnected
    ? undefined
    : {
        found: "no heartbeat",
        needs: "a connected agent",
        change: "its agent connects again",
      };

/** The host is an experiment's own, or the VM is of none. */
export const experiment: Filter = ({ host, experiment: holder }, { pin }) => {
  if (holder === pin?.experiment && (pin === undefined || pin.host === host)) return undefined;
  return pin === undefined
    ? {
        found: `experiment ${holder} has it`,
        needs: "a host that no experiment has",
        change: `swy bench cancel ${holder} --reason …`,
      }
    : {
        found: holder === undefined ? "no experiment has it" : `experiment ${holder} has it`,
        needs: `host ${pin.host}, which experiment ${pin.experiment} has`,
        change: "nothing: the experiment named its hosts",
      };
};

/** Nobody has said that it shall take no new VMs; an experiment takes a host that is emptied just as well. */
export const cordoned: Filter = ({ isSchedulable, host }, { pin }) =>
  isSchedulable || pin !== undefined
    ? undefined
    : {
        found: "cordoned",
        needs: "a host that takes new VMs",
        change: `swy host uncordon ${host}`,
      };

/** No job has the host for itself. */
export const ready: Filter = ({ isReady }) =>
  isReady
    ? undefined
    : {
        found: "busy with an exclusive job",
        needs: "a ready host",
        change: "that job ends",
      };

/** What the image holds runs on it; where either does not say, it counts as fitting. */
export const architecture: Filter = (host, { image }) => {
  const wanted = image?.architecture;
  if (wanted === undefined || host.architecture === undefined || wanted === host.architecture) {
    return undefined;
  }
  return {
    found: host.architecture,
    needs: `${wanted}, as image ${image?.id} is for`,
    change: `an image for ${host.architecture}`,
  };
};

function carriesAll(labels: CandidateHost["labels"], selector: LabelSelector): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** It carries the labels that the VM asks for. */
export const labels: Filter = (host, { hostSelector }) => {
  if (carriesAll(host.labels, hostSelector)) return undefined;
  const missed = Object.entries(hostSelector).filter(([key, value]) => host.labels[key] !== value);
  const show = (pairs: readonly (readonly [string, string | undefined])[]) =>
    pairs.map(([key, value]) => `${key}=${value ?? ""}`).join(", ");
  const needs = show(missed);
  return {
    found: show(missed.map(([key]) => [key, host.labels[key]])),
    needs,
    change: `swy host label ${host.host} ${needs.replaceAll(", ", " ")}`,
  };
};

/** Its libvirt is new enough, where the VM asks for libvirt. */
export const runtime: Filter = (host, needs) => {
  const misfit = libvirtMisfit(needs, host.libvirtVersion);
  return misfit && { ...misfit, change: "that libvirt on it, or runtime qemu" };
};
