import { LabBuildError } from "./steps.ts";

/** The lab's second driver of vDPA parents, by the name of its module; as a driver it is `lab-vdpa`. */
export const SETTABLE_VDPA = "lab_vdpa";

/**
 * What differs from vp_vdpa: a device may be added with a MAC, which is then what its config says. The NIC
 * below keeps its own; it hears every MAC as long as its driver can't ask for less, so those features are
 * taken away with it.
 *
 * @see torvalds/linux drivers/vdpa/mlx5/net/mlx5_vnet.c, mlx5_vdpa_dev_add: what a ConnectX does with the same attribute
 * @see qemu/qemu hw/net/virtio-net.c, virtio_net_reset: promiscuous until told otherwise
 */
const EDITS: readonly (readonly [from: string, to: string])[] = [
  [
    "#include <uapi/linux/vdpa.h>\n",
    "#include <uapi/linux/vdpa.h>\n#include <linux/virtio_net.h>\n",
  ],
  [
    "\tu64 device_features;\n\tchar msix_name",
    "\tu64 device_features;\n\tu8 mac[ETH_ALEN];\n\tchar msix_name",
  ],
  [
    "\t} while (old != new);\n",
    `\t} while (old != new);

\tfor (i = 0; is_valid_ether_addr(vp_vdpa->mac) && i < len && offset + i < ETH_ALEN; i++)
\t\t((u8 *)buf)[i] = vp_vdpa->mac[offset + i];
`,
  ],
  [
    "\tvp_vdpa->device_features = device_features;\n",
    `\tif (add_config->mask & BIT_ULL(VDPA_ATTR_DEV_NET_CFG_MACADDR)) {
\t\tmemcpy(vp_vdpa->mac, add_config->net.mac, ETH_ALEN);
\t\tdevice_features &= ~(BIT_ULL(VIRTIO_NET_F_CTRL_RX) | BIT_ULL(VIRTIO_NET_F_CTRL_RX_EXTRA) |
\t\t\t\t     BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR));
\t}
\tvp_vdpa->device_features = device_features;
`,
  ],
  [
    "\tmgtdev->config_attr_mask = (1 << VDPA_ATTR_DEV_FEATURES);\n",
    `\tmgtdev->config_attr_mask = BIT_ULL(VDPA_ATTR_DEV_FEATURES) |
\t\t\t\t   BIT_ULL(VDPA_ATTR_DEV_NET_CFG_MACADDR);
`,
  ],
  ['"vp-vdpa",\n\t.id_table', '"lab-vdpa",\n\t.id_table'],
];

/**
 * The driver's source, made of vp_vdpa's.
 *
 * @throws LabBuildError when the kernel's source is no longer what the edits are for
 */
export function settableVdpaSource(vpVdpa: string): string {
  return EDITS.reduce((source, [from, to]) => {
    const parts = source.split(from);
    if (parts.length !== 2) {
      throw new LabBuildError(`vp_vdpa.c has ${parts.length - 1} times, not once: ${from.trim()}`);
    }
    return parts.join(to);
  }, vpVdpa);
}
