import { createSocket, type Socket } from "node:dgram";
import type { UdpLink } from "./qemu-arguments.ts";

/**
 * Finds `count` pairs of UDP ports on 127.0.0.1 that nobody uses. They are free when this returns
 * and not reserved; QEMU says plainly when somebody was faster.
 */
export async function findUdpLinks(count: number): Promise<readonly UdpLink[]> {
  const sockets = await Promise.all(Array.from({ length: 2 * count }, bindAnyPort));
  const ports = sockets.map((socket) => socket.address().port);
  await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))));
  return Array.from({ length: count }, (_, link) => {
    const localPort = ports[2 * link];
    const remotePort = ports[2 * link + 1];
    if (localPort === undefined || remotePort === undefined) throw new RangeError("No port.");
    return { localPort, remotePort };
  });
}

/** The same cable seen from its other end. */
export function reverseLink({ localPort, remotePort }: UdpLink): UdpLink {
  return { localPort: remotePort, remotePort: localPort };
}

function bindAnyPort(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind(0, "127.0.0.1", () => resolve(socket));
  });
}
