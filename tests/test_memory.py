"""How much memory is left, read from what systems tell, and what may stay in it."""

import os
import sys
from types import SimpleNamespace

import psutil
import pytest
import torch

from aemodels import memory

GIB = 2**30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """system(path, text): what this system's files tell; no limits but those told."""
    monkeypatch.setattr(memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")

    def tell(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    tell("proc/meminfo", f"MemTotal: {16 * GIB // 1024} kB\nMemFree: 5 kB\nMemAvailable: {8 * GIB // 1024} kB\n")
    tell("proc/self/cgroup", "")
    return tell


def test_it_is_what_the_system_has_available(system):
    assert memory.free_bytes() == 8 * GIB


def test_here_it_is_no_more_than_psutil_says():
    assert 0 < memory.free_bytes() <= 1.05 * psutil.virtual_memory().available


def test_a_control_group_limits_it_and_so_does_one_around_it(system):
    stat = f"anon {GIB}\nactive_file {GIB}\ninactive_file {2 * GIB}\n"
    system("proc/self/cgroup", "0::/lab.slice/train.scope\n")
    system("groups/lab.slice/train.scope/memory.max", "max\n")
    system("groups/lab.slice/train.scope/memory.current", f"{4 * GIB}\n")
    system("groups/lab.slice/train.scope/memory.stat", stat)
    assert memory.free_bytes() == 8 * GIB
    system("groups/lab.slice/train.scope/memory.max", f"{6 * GIB}\n")
    assert memory.free_bytes() == 5 * GIB  # cached files, 3 of the 4 GiB in use, can be given back
    system("groups/lab.slice/memory.max", f"{3 * GIB}\n")
    system("groups/lab.slice/memory.current", f"{4 * GIB}\n")
    system("groups/lab.slice/memory.stat", stat)
    assert memory.free_bytes() == 2 * GIB
    system("groups/lab.slice/memory.max", f"{GIB // 2}\n")
    assert memory.free_bytes() == 0


def test_a_container_sees_its_limit_at_the_root_whatever_its_path_is(system):
    system("proc/self/cgroup", "4:cpu,memory:/docker/3f2a\n1:cpu:/\n")
    system("groups/memory/memory.limit_in_bytes", f"{2 * GIB}\n")
    system("groups/memory/memory.usage_in_bytes", f"{GIB}\n")
    system(
        "groups/memory/memory.stat", f"active_file 7\ntotal_active_file {GIB // 4}\ntotal_inactive_file {GIB // 4}\n"
    )
    assert memory.free_bytes() == 3 * GIB // 2


@pytest.mark.parametrize("limit", ["AS", "DATA"])
@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells what is in use of a limit")
def test_ulimit_limits_it(limit):
    import resource

    kind, in_use = getattr(resource, f"RLIMIT_{limit}"), {"AS": "VmSize", "DATA": "VmData"}[limit]
    before = resource.getrlimit(kind)
    used = memory._fields(memory.PROC / "self/status")[in_use] * 1024
    resource.setrlimit(kind, (used + 2**28, before[1]))
    try:
        free, holds = memory.free_bytes(), [memory.can_hold(num_bytes) for num_bytes in (2**26, 2**28)]
    finally:
        resource.setrlimit(kind, before)
    assert free == pytest.approx(2**28, rel=0.1)  # other threads of this process come and go
    assert holds == [True, False]


def test_elsewhere_it_is_what_psutil_finds_available(monkeypatch, tmp_path):
    """Windows has neither that file nor sysconf."""
    monkeypatch.setattr(memory, "PROC", tmp_path)
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert memory.free_bytes() == pytest.approx(psutil.virtual_memory().available, rel=0.1)


def test_half_of_it_may_be_filled_in_all_processes_together(system, monkeypatch):
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    assert memory.can_hold(4 * GIB)
    assert not memory.can_hold(4 * GIB + 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert memory.can_hold(2 * GIB)
    assert not memory.can_hold(2 * GIB + 1)


def test_a_gpu_has_memory_of_its_own_and_one_without_shares_that_of_the_processor(system, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")  # each with a GPU of its own
    gpus = {"cuda": SimpleNamespace(mem_get_info=lambda device: (80 * GIB, 90 * GIB)), "mps": SimpleNamespace()}
    monkeypatch.setattr(torch, "get_device_module", lambda device: gpus[device.type])
    assert memory.can_hold(40 * GIB, "cuda:1")
    assert not memory.can_hold(40 * GIB + 1, torch.device("cuda"))
    assert memory.free_bytes("mps") == 8 * GIB
