#!/usr/bin/env python3
"""Places a VM from Python, with nothing but gRPC and the proto files.

    apt-get install python3-grpcio python3-protobuf protobuf-compiler libprotobuf-dev
    /usr/bin/python3 docs/examples/place_vm.py 127.0.0.1:PORT NAME

PORT is the one that ./dev demo prints. No TLS: the demo's development setting, loopback only.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[2]
FILES = ["common", "job", "job_service", "plan", "vm", "vm_service"]


def load_messages():
    """Compiles the contracts into a temporary folder and imports them."""
    out = tempfile.mkdtemp()
    sources = [str(ROOT / f"proto/switchyard/v1/{name}.proto") for name in FILES]
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={out}", *sources], check=True)
    sys.path.insert(0, out)
    from switchyard.v1 import job_pb2, job_service_pb2, vm_pb2, vm_service_pb2

    return job_pb2, job_service_pb2, vm_pb2, vm_service_pb2


def main(address, name):
    job_pb2, job_service_pb2, vm_pb2, vm_service_pb2 = load_messages()
    channel = grpc.insecure_channel(address)

    def method(path, request, response):
        return channel.unary_unary(
            f"/switchyard.v1.{path}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

    create = method("VmService/CreateVm", vm_service_pb2.CreateVmRequest, vm_pb2.Vm)
    vm = create(
        vm_service_pb2.CreateVmRequest(
            vm_id=name,
            vm=vm_pb2.Vm(
                spec=vm_pb2.VmSpec(
                    vcpu_count=4,
                    memory_bytes=4 << 30,
                    disk=vm_pb2.DiskBoot(
                        path="/var/lib/switchyard/images/rocky9.qcow2", format="qcow2"
                    ),
                    network="networks/lan",
                    queue_pairs=4,
                    has_guest_agent=True,
                )
            ),
        ),
        timeout=30,
    )
    print(f"{vm.name} placed on {vm.allocation.host}, {vm.allocation.mac} {vm.allocation.address}")

    watch = channel.unary_stream(
        "/switchyard.v1.JobService/WatchJobEvents",
        request_serializer=job_service_pb2.WatchJobEventsRequest.SerializeToString,
        response_deserializer=job_pb2.JobEvent.FromString,
    )
    for event in watch(job_service_pb2.WatchJobEventsRequest(job=vm.job), timeout=120):
        print(f"  {event.seq:3} {event.WhichOneof('body')}")
    get = method("VmService/GetVm", vm_service_pb2.GetVmRequest, vm_pb2.Vm)
    state = get(vm_service_pb2.GetVmRequest(name=vm.name), timeout=30).state
    print(f"{vm.name} is {vm_pb2.VmState.Name(state)}")
    return 0 if state == vm_pb2.VM_STATE_RUNNING else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
