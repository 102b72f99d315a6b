/**
 * What libvirt's package ships as its configuration of QEMU, shortened. @see libvirt,
 * src/qemu/qemu.conf.in
 */
export const LIBVIRT_QEMU_CONF = `# Master configuration file for the QEMU driver.
# All settings described here are optional - if omitted, sensible
# defaults are used.

# The user for QEMU processes run by the system instance. It can be
# specified as a user name or as a user id.
#
#       user = "qemu"   # A user named "qemu"
#       user = "+0"     # Super user (uid=0)
#
#user = "qemu"

# The group for QEMU processes run by the system instance. It can be
# specified in a similar way to user.
#group = "qemu"

# Whether libvirt should dynamically change file ownership
#dynamic_ownership = 1
`;
