import {
  clearShaping,
  type PortLimits,
  readPortLimits,
  setPolicing,
  setShaping,
} from "@switchyard/host";
import { digestOf, type RateLimit, type StepArguments } from "@switchyard/model";
import { deviceAbsent, ensure, type StepContext } from "../executor.ts";
import { awaitNetdev, findNetdev } from "../resolve.ts";

type Arguments = StepArguments["ensurePortLimits"];

interface State extends PortLimits {
  readonly port: string | undefined;
}

const isSame = (left: RateLimit | undefined, right: RateLimit | undefined): boolean =>
  digestOf({ of: left }) === digestOf({ of: right });

/** Without limits a port may be gone: then only rows of ours that it left are taken away. */
async function readState(context: StepContext, { link, mac, send, receive }: Arguments) {
  const isLimited = send !== undefined || receive !== undefined;
  const port = await (isLimited ? awaitNetdev : findNetdev)(context, link);
  return { port, ...(await readPortLimits(context.host, { port, mac })) };
}

const rowCount = ({ rows }: PortLimits): number => rows.qos.length + rows.queues.length;

/** Of ours, exactly what is wanted; a QoS of others stays where nothing is wanted. */
function isReceiveSet(state: State, receive: RateLimit | undefined): boolean {
  if (receive === undefined) return rowCount(state) === 0;
  return isSame(state.receive, receive) && rowCount(state) === 2;
}

const isOurs = ({ qos, rows }: PortLimits): boolean => qos !== undefined && rows.qos.includes(qos);

/** @param formerQos what the port is to name where no limit of ours is wanted */
async function setLimits(
  { host }: StepContext,
  state: State,
  wanted: {
    readonly mac: Arguments["mac"];
    readonly send: RateLimit | undefined;
    readonly receive: RateLimit | undefined;
    readonly formerQos: string | undefined;
  },
): Promise<void> {
  const { port, isThere, rows } = state;
  const { mac, send, receive, formerQos } = wanted;
  const hasPort = port !== undefined && isThere;
  if (hasPort && !isSame(state.send, send)) await setPolicing(host, port, send);
  if (isReceiveSet(state, receive) && (receive !== undefined || state.qos === formerQos)) return;
  if (receive !== undefined) {
    if (hasPort) await setShaping(host, port, { mac, limit: receive, former: rows });
    return;
  }
  const named = hasPort && (isOurs(state) || state.qos !== formerQos);
  await clearShaping(host, rows, named ? { name: port, qos: formerQos } : undefined);
}

export const ensurePortLimits = ensure<"ensurePortLimits", State>({
  read: readState,
  isSatisfied: (state, { send, receive }) =>
    isReceiveSet(state, receive) && (!state.isThere || isSame(state.send, send)),
  apply: async (context, args, state) => {
    const { send, receive } = args;
    if ((send !== undefined || receive !== undefined) && !state.isThere) {
      throw deviceAbsent(`no bridge has port ${state.port}`, { needs: `port ${state.port}` });
    }
    // Where ours was, the port names nothing; what others had set stays until a limit takes its place.
    const formerQos = isOurs(state) ? undefined : state.qos;
    // Read anew: what a try before this one made is replaced too.
    const now = await readState(context, args);
    await setLimits(context, now, { ...args, formerQos });
  },
  undo: async (context, { mac, link }, before) => {
    const now = await readState(context, { link, mac, send: undefined, receive: undefined });
    const formerQos = isOurs(before) ? undefined : before.qos;
    const { send, receive } = before;
    await setLimits(context, now, { mac, send, receive, formerQos });
  },
  failure: "OVS_CHANGE_FAILED",
});
