import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { domainName, vmOfDomain } from "./libvirt.ts";
import { libvirtDomain } from "./libvirt-domain.ts";
import type { QemuOptions } from "./qemu.ts";

const options: QemuOptions = {
  vm: "web-1",
  accelerator: "kvm",
  vcpuCount: 16,
  memoryBytes: 32 * 1024 ** 3,
  boot: { kind: "disk", path: "/images/web-1.qcow2", format: "qcow2" },
  nics: [
    { kind: "vdpa", vhostPath: "/dev/vhost-vdpa-0", queuePairs: 16, mac: "52:54:00:cb:45:11" },
  ],
  hasGuestAgent: false,
};

const SEED_VM = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>sy-web-1</name>
  <metadata>
    <switchyard:vm xmlns:switchyard='https://switchyard.dev/xmlns/domain/1' name='web-1'/>
  </metadata>
  <memory unit='KiB'>33554432</memory>
  <vcpu placement='static'>16</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode='host-passthrough' check='none'>
    <topology sockets='1' dies='1' cores='16' threads='1'/>
  </cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/web-1.qcow2'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
    </disk>
    <controller type='usb' model='none'/>
    <interface type='vdpa'>
      <mac address='52:54:00:cb:45:11'/>
      <source dev='/dev/vhost-vdpa-0'/>
      <model type='virtio'/>
      <driver queues='16' page_per_vq='on'/>
      <alias name='ua-vdpa1'/>
      <rom enabled='no'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>
    </interface>
    <serial type='unix'>
      <source mode='bind' path='/run/switchyard/vms/web-1/serial.sock'/>
      <log file='/run/switchyard/vms/web-1/serial.log' append='on'/>
      <target type='isa-serial' port='0'/>
    </serial>
    <memballoon model='none'/>
  </devices>
  <qemu:override>
    <qemu:device alias='ua-vdpa1'>
      <qemu:frontend>
        <qemu:property name='disable-legacy' type='string' value='on'/>
      </qemu:frontend>
    </qemu:device>
  </qemu:override>
</domain>
`;

describe("libvirtDomain", () => {
  it("gives the seed's VM its vDPA NIC, its disk and a serial port with a log", () => {
    assert.equal(libvirtDomain(options), SEED_VM);
  });

  it("hands over a VF that vfio has already, by its address", () => {
    const text = libvirtDomain({
      ...options,
      nics: [{ kind: "sriov", pciAddress: "0000:82:01.2" }],
    });
    assert.match(text, /<hostdev mode='subsystem' type='pci' managed='no'>/);
    assert.match(text, /<address domain='0x0000' bus='0x82' slot='0x01' function='0x2'\/>/);
    assert.ok(!text.includes("qemu:override"));
  });

  it("emulates where there is no KVM, and writes what has a meaning in XML as text", () => {
    const boot = {
      kind: "kernel",
      kernelPath: "/k",
      initrdPath: "/i",
      commandLine: "a=<b> & 'c'",
    } as const;
    const text = libvirtDomain({ ...options, accelerator: "tcg", boot });
    assert.match(text, /^<domain type='qemu'/);
    assert.match(text, /<cpu mode='maximum' check='none'>/);
    assert.ok(text.includes("<cmdline>a=&lt;b&gt; &amp; &apos;c&apos;</cmdline>"));
    assert.ok(!text.includes("<boot "));
  });
});

describe("a domain's name", () => {
  it("tells whose domain it is", () => {
    assert.equal(vmOfDomain(domainName("web-1")), "web-1");
    assert.equal(vmOfDomain("rocky9"), undefined);
  });

  it("takes memory as QEMU is told to: huge pages by a memfd, on a node", () => {
    const node = { number: 1, policy: "bind" } as const;
    const text = libvirtDomain({ ...options, memory: { hugepageBytes: 1024 ** 3, node } });
    assert.match(text, /<page size='1048576' unit='KiB'\/>/);
    assert.match(text, /<source type='memfd'\/>/);
    assert.match(text, /<memory mode='strict' nodeset='1'\/>/);
    const preferred = { ...node, policy: "preferred" } as const;
    const plain = libvirtDomain({ ...options, memory: { node: preferred } });
    assert.match(plain, /<memory mode='preferred' nodeset='1'\/>/);
    assert.doesNotMatch(plain, /memoryBacking/);
  });
});
