import { createHash } from "node:crypto";
import { createSimWeb, qcow2File, type SimWeb } from "@switchyard/hostsim";
import { Image } from "@switchyard/proto";

const SOURCE = "https://images.example/rocky9.qcow2";
const TEXT = qcow2File({ virtualSizeBytes: 10 * 1024 ** 3, content: "rocky9" });

/** What the demo's VMs boot from. */
export const DEMO_IMAGE: Image = Image.fromPartial({
  spec: {
    source: SOURCE,
    sha256: createHash("sha256").update(TEXT).digest("hex"),
    format: "qcow2",
  },
});

/** The server that the demo's hosts download it from. */
export const createDemoWeb = (): SimWeb => createSimWeb({ [SOURCE]: TEXT });
