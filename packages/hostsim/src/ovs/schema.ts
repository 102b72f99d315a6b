/** An OVSDB atom; a uuid is its text. */
export type Atom = string | number | boolean;
/** A column's value: one atom, a set (an optional column is a set of at most one), or a map. */
export type Value = Atom | readonly Atom[] | Readonly<Record<string, Atom>>;

export type AtomType = "string" | "integer" | "real" | "boolean" | "uuid";
export type Shape = "one" | "optional" | "set" | "map";

export interface Column {
  readonly type: AtomType;
  readonly shape: Shape;
  /** Of a map's keys; strings unless told. */
  readonly key?: "integer";
}

const one = (type: AtomType): Column => ({ type, shape: "one" });
const optional = (type: AtomType): Column => ({ type, shape: "optional" });
const set = (type: AtomType): Column => ({ type, shape: "set" });
const map = (type: AtomType): Column => ({ type, shape: "map" });

export type TableName = "Open_vSwitch" | "Bridge" | "Port" | "Interface" | "QoS" | "Queue";

/**
 * The tables and columns that matter here, sorted by name as `list` prints them.
 *
 * @see openvswitch/ovs vswitchd/vswitch.ovsschema 8.3.1; doca_* are of NVIDIA's build
 */
export const SCHEMA: Readonly<Record<TableName, Readonly<Record<string, Column>>>> = {
  Open_vSwitch: {
    bridges: set("uuid"),
    cur_cfg: one("integer"),
    datapath_types: set("string"),
    datapaths: map("uuid"),
    db_version: optional("string"),
    doca_initialized: one("boolean"),
    doca_version: optional("string"),
    dpdk_initialized: one("boolean"),
    dpdk_version: optional("string"),
    external_ids: map("string"),
    iface_types: set("string"),
    manager_options: set("uuid"),
    next_cfg: one("integer"),
    other_config: map("string"),
    ovs_version: optional("string"),
    ssl: optional("uuid"),
    statistics: map("string"),
    system_type: optional("string"),
    system_version: optional("string"),
  },
  Bridge: {
    controller: set("uuid"),
    datapath_id: optional("string"),
    datapath_type: one("string"),
    datapath_version: one("string"),
    external_ids: map("string"),
    fail_mode: optional("string"),
    mcast_snooping_enable: one("boolean"),
    mirrors: set("uuid"),
    name: one("string"),
    other_config: map("string"),
    ports: set("uuid"),
    protocols: set("string"),
    rstp_enable: one("boolean"),
    status: map("string"),
    stp_enable: one("boolean"),
  },
  Port: {
    bond_mode: optional("string"),
    external_ids: map("string"),
    interfaces: set("uuid"),
    lacp: optional("string"),
    mac: optional("string"),
    name: one("string"),
    other_config: map("string"),
    qos: optional("uuid"),
    statistics: map("integer"),
    status: map("string"),
    tag: optional("integer"),
    trunks: set("integer"),
    vlan_mode: optional("string"),
  },
  Interface: {
    admin_state: optional("string"),
    duplex: optional("string"),
    error: optional("string"),
    external_ids: map("string"),
    ifindex: optional("integer"),
    ingress_policing_burst: one("integer"),
    ingress_policing_rate: one("integer"),
    link_resets: optional("integer"),
    link_speed: optional("integer"),
    link_state: optional("string"),
    mac: optional("string"),
    mac_in_use: optional("string"),
    mtu: optional("integer"),
    mtu_request: optional("integer"),
    name: one("string"),
    ofport: optional("integer"),
    ofport_request: optional("integer"),
    options: map("string"),
    other_config: map("string"),
    statistics: map("integer"),
    status: map("string"),
    type: one("string"),
  },
  QoS: {
    external_ids: map("string"),
    other_config: map("string"),
    queues: { type: "uuid", shape: "map", key: "integer" },
    type: one("string"),
  },
  Queue: {
    dscp: optional("integer"),
    external_ids: map("string"),
    other_config: map("string"),
  },
};

const EMPTY_ATOM: Readonly<Record<AtomType, Atom>> = {
  string: "",
  integer: 0,
  real: 0,
  boolean: false,
  uuid: "",
};

/** What a column holds when nobody set it. */
export function emptyValue(column: Column): Value {
  if (column.shape === "one") return EMPTY_ATOM[column.type];
  return column.shape === "map" ? {} : [];
}

/** `bridge` → `Bridge`: tables may be written in any case and with a unique beginning. */
export function findTable(name: string): TableName | undefined {
  const wanted = name.toLowerCase();
  const names = Object.keys(SCHEMA) as TableName[];
  return (
    names.find((candidate) => candidate.toLowerCase() === wanted) ??
    names.find((candidate) => candidate.toLowerCase().startsWith(wanted))
  );
}
