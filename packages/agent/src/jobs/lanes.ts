import { imagePaths, isExclusive, type JobSpec } from "@switchyard/model";

/**
 * Where a job runs: `exclusive` alone on its host, but for reads; `vm` one at a time per VM, and of
 * those that choose CPUs for a VM one at a time; `image` one at a time per image; `read` always.
 */
export type Lane =
  | { readonly kind: "exclusive" }
  | { readonly kind: "vm"; readonly vm: string; readonly choosesCpus?: boolean }
  | { readonly kind: "image"; readonly key: string }
  | { readonly kind: "read" };

export function laneOf(spec: JobSpec): Lane {
  if (isExclusive(spec.kind)) return { kind: "exclusive" };
  switch (spec.kind) {
    case "start-vm":
    case "stop-vm":
    case "reboot-vm":
    case "delete-vm":
    case "seal-vm":
    case "receive-vm":
    case "await-vm":
    case "migrate-vm":
    case "resume-vm":
    case "keep-vm":
    case "clear-vm":
      return { kind: "vm", vm: spec.vm.vm, choosesCpus: spec.vm.spec.cpuPinning === true };
    case "fetch-image":
      return { kind: "image", key: imagePaths(spec.image.spec).key };
    default:
      return { kind: "read" };
  }
}

function conflict(left: Lane, right: Lane): boolean {
  if (left.kind === "read" || right.kind === "read") return false;
  if (left.kind === "exclusive" || right.kind === "exclusive") return true;
  if (left.kind === "vm" && right.kind === "vm") {
    return left.vm === right.vm || (left.choosesCpus === true && right.choosesCpus === true);
  }
  if (left.kind === "vm" || right.kind === "vm") return false;
  return left.key === right.key;
}

interface Place {
  readonly lane: Lane;
  readonly start: () => void;
  isRunning: boolean;
}

/** Lets jobs run in the order they came, each as soon as nothing before it stands in its way. */
export interface Lanes {
  run(lane: Lane, work: () => Promise<void>): Promise<void>;
}

export function createLanes(): Lanes {
  const places: Place[] = [];

  const startWhatMay = () => {
    places.forEach((place, index) => {
      const isBlocked = places.slice(0, index).some((before) => conflict(before.lane, place.lane));
      if (place.isRunning || isBlocked) return;
      place.isRunning = true;
      place.start();
    });
  };

  return {
    run: async (lane, work) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const place: Place = { lane, start: resolve, isRunning: false };
      places.push(place);
      startWhatMay();
      await promise;
      try {
        await work();
      } finally {
        places.splice(places.indexOf(place), 1);
        startWhatMay();
      }
    },
  };
}
