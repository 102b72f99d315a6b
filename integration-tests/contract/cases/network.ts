import {
  addAddress,
  findRouteNetdev,
  listLinks,
  readEthtoolStats,
  removeAddress,
  setLinkState,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, throws } from "../contract.ts";
import type { Ground } from "../ground.ts";

const ABSENT = "absent0";
const CIDR = "192.168.199.2/24";
const NEIGHBOUR = "192.168.199.9";

const link = async ({ host, parts }: Ground) =>
  (await listLinks(host))
    .filter(({ netdev }) => netdev === parts.netdevs[0])
    .map(({ isUp, addresses, mtu, master }) => ({ isUp, addresses, mtu, master }));
const found = (isUp: boolean, ...addresses: readonly string[]) =>
  returns([{ isUp, addresses, mtu: 1500, master: undefined }]);
const setState =
  (isUp: boolean) =>
  ({ host, parts }: Ground) =>
    setLinkState(host, parts.netdevs[0], isUp);

/** Netdevs: state, addresses, routes. */
export const networkGroup: ContractGroup = {
  name: "iproute",
  calls: [
    { name: "a netdev starts down and bare", call: link, expected: found(false) },
    { name: "up", call: setState(true), expected: isDone },
    { name: "up again is success", call: setState(true), expected: isDone },
    {
      name: "an address",
      call: ({ host, parts }) => addAddress(host, parts.netdevs[0], CIDR),
      expected: isDone,
    },
    {
      name: "the same address again is success",
      call: ({ host, parts }) => addAddress(host, parts.netdevs[0], CIDR),
      expected: isDone,
    },
    { name: "both are read back", call: link, expected: found(true, CIDR) },
    {
      name: "a neighbour is reached through it",
      call: async ({ host, parts }) =>
        (await findRouteNetdev(host, NEIGHBOUR)) === parts.netdevs[0],
      expected: returns(true),
    },
    {
      name: "the address is removed",
      call: ({ host, parts }) => removeAddress(host, parts.netdevs[0], CIDR),
      expected: isDone,
    },
    {
      name: "removing what is gone is success",
      call: ({ host, parts }) => removeAddress(host, parts.netdevs[0], CIDR),
      expected: isDone,
    },
    { name: "down", call: setState(false), expected: isDone },
    { name: "as it was", call: link, expected: found(false) },
    {
      name: "an absent netdev up",
      call: ({ host }) => setLinkState(host, ABSENT, true),
      expected: throws("DEVICE_ABSENT"),
    },
    {
      name: "an address on an absent netdev",
      call: ({ host }) => addAddress(host, ABSENT, CIDR),
      expected: throws("DEVICE_ABSENT"),
    },
    {
      name: "an address off an absent netdev is success",
      call: ({ host }) => removeAddress(host, ABSENT, CIDR),
      expected: isDone,
    },
    {
      name: "a network address that is none",
      call: ({ host, parts }) => addAddress(host, parts.netdevs[0], "192.168.199.300/24"),
      expected: throws("LINK_CHANGE_FAILED"),
    },
    {
      name: "counters of an absent netdev",
      call: ({ host }) => readEthtoolStats(host, ABSENT),
      expected: throws("COMMAND_FAILED"),
    },
  ],
};
