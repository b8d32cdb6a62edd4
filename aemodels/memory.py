"""How much memory this process may still take, and whether a set of images may stay in it."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import torch

SHARE = 0.5  # of the free memory that images may fill
PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# Of control groups: limit, use, and what of that can be given back (cached files).
VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))
VERSION_2 = ("memory.max", "memory.current", ("active_file", "inactive_file"))

# mallopt(3), from malloc.h of the GNU C library
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEEP_BYTES = 8 * 2**20


def share_heaps() -> None:
    """For a server of many short threads, as one of Streamlit's is: they share two heaps, and what is freed goes back to the system.

    By itself the GNU C library gives each thread a heap of its own, up to eight a core, and keeps more the larger the blocks were that
    were freed; with other C libraries this does nothing.
    """
    with contextlib.suppress(AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, KEEP_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEEP_BYTES)


def give_back() -> None:
    """What was freed between blocks that are still in use goes back to the system, too."""
    with contextlib.suppress(AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def size(num_bytes: int) -> str:
    """So many bytes as one reads them: "512 MB", "3.1 GB"; the units are decimal ones, as disks and files have them."""
    return f"{num_bytes / 1e9:,.1f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:,.1f} MB"


def can_hold(num_bytes: int, device: torch.device | str = "cpu") -> bool:
    """Whether images of so many bytes may stay in the device's memory: where they take no more than room_for_images."""
    return num_bytes <= room_for_images(device)


def room_for_images(device: torch.device | str = "cpu") -> int:
    """How many bytes of the device's memory images may take: half of what is free there (free_bytes).

    The other half is for networks, gradients, evaluation and what else runs. Processes that train together on a machine share
    its main memory evenly.
    """
    num_processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if _is_main_memory(device) else 1
    return int(SHARE * free_bytes(device) / num_processes)


def free_bytes(device: torch.device | str = "cpu") -> int:
    """Bytes of the device's memory that this process may still take.

    Of a GPU's own memory: what its driver calls free. Of main memory the least of what the system has available (cached files count
    as free), what each control group around this process leaves (containers, systemd), and
    what `ulimit -v` and `ulimit -d` leave.
    """
    if not _is_main_memory(device):
        return torch.get_device_module(torch.device(device)).mem_get_info(device)[0]
    return max(0, min([_available(), *_left_by_groups(), *_left_by_limits()]))


def _is_main_memory(device: torch.device | str) -> bool:
    device = torch.device(device)
    return device.type == "cpu" or not hasattr(torch.get_device_module(device), "mem_get_info")


def _available() -> int:
    with contextlib.suppress(OSError, LookupError):
        return _fields(PROC / "meminfo")["MemAvailable"] * 1024
    import psutil  # a machine that only trains may lack it

    return psutil.virtual_memory().available


def _left_by_groups() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for line in (PROC / "self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                root, names = GROUPS, VERSION_2
            elif "memory" in controllers.split(","):
                root, names = GROUPS / "memory", VERSION_1
            else:
                continue
            # A limit on a group holds for all in it; of a container's outer groups only the root may be seen.
            group = root / path.strip("/")
            while group != root.parent:
                with contextlib.suppress(OSError, ValueError, LookupError):  # no such file, or no limit: "max"
                    yield _left_by_group(group, *names)
                group = group.parent


def _left_by_group(group: Path, limit: str, use: str, cached: tuple[str, ...]) -> int:
    fields = _fields(group / "memory.stat")
    used = int((group / use).read_text()) - sum(fields[name] for name in cached)
    return int((group / limit).read_text()) - used


def _left_by_limits() -> Iterator[int]:
    with contextlib.suppress(ImportError, OSError, LookupError):  # Unix alone has the module, Linux alone the file
        import resource

        used = _fields(PROC / "self/status")
        for limit, field in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
            most, _ = resource.getrlimit(limit)
            if most != resource.RLIM_INFINITY:
                yield most - used[field] * 1024


def _fields(path: Path) -> dict[str, int]:
    """The numbers in a file with a name and a number on each line."""
    words = (line.replace(":", " ").split() for line in path.read_text().splitlines())
    return {name: int(value) for name, value, *_ in (w for w in words if len(w) > 1 and w[1].isdigit())}
