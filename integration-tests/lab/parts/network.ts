import { ApiError } from "@switchyard/client";
import { Network } from "@switchyard/proto";
import type { LabContext } from "../context.ts";
import { BRIDGE } from "./profile.ts";

const NETWORK_ID = "lan";
export const NETWORK = `networks/${NETWORK_ID}`;

/** The network of all VMs, made the first time it is asked for. */
export async function ensureNetwork({ stack, job }: LabContext): Promise<void> {
  const found = await stack.client.networks
    .getNetwork({ name: NETWORK })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.code === "NOT_FOUND") return undefined;
      throw error;
    });
  if (found !== undefined) return;
  await job.createNetwork(
    NETWORK_ID,
    Network.fromPartial({
      spec: {
        bridge: BRIDGE,
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
        macPool: { first: "52:54:00:aa:00:01", last: "52:54:00:aa:00:ff" },
      },
    }),
  );
}
