/** Name of the virtio port between `connectLabHost` and the relay inside a lab host. */
export const RELAY_PORT = "org.switchyard.host.0";

/** Where the lab host's boot script links it. */
export const RELAY_PORT_DEVICE = `/dev/virtio-ports/${RELAY_PORT}`;

/** Name of the relay's program in the payload. */
export const RELAY_PROGRAM = "host-relay.mjs";
