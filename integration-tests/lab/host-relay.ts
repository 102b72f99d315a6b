// Runs inside a lab host: serves the LinuxHost of that machine on the virtio port that `connectLabHost`
// holds the other end of. Ends when that end is closed. Nothing of it passes the lab host's network, so
// a step that cuts the network does not cut it.
import { createReadStream, createWriteStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { connect } from "node:net";
import { createLinuxHost } from "@switchyard/host";
import { createSimHostServer } from "@switchyard/hostsim";
import { createLogger, systemClock } from "@switchyard/runtime";
import { RELAY_PORT_DEVICE } from "./relay-port.ts";

const SOCKET = "/run/switchyard-lab-host.sock";

const log = createLogger({ name: "host-relay" });
await rm(SOCKET, { force: true });
const host = createLinuxHost({ kind: "lab", log, clock: systemClock });
const server = await createSimHostServer({ host, socketPath: SOCKET });

// The kernel lets one process open the port, once.
const port = await open(RELAY_PORT_DEVICE, "r+");
const socket = connect(SOCKET);
createReadStream("", { fd: port.fd, autoClose: false }).pipe(socket);
socket.pipe(createWriteStream("", { fd: port.fd, autoClose: false }));
socket.once("close", () => {
  void server.stop().then(() => process.exit(0));
});
