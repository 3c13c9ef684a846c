"""The machine: its caches, from which the sizes follow, and how it is named in the report."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

FLOAT_BYTES = 4


def _cache_bytes(level):
    """The size of core 0's cache of this level as the kernel tells it, else as the C library does
    (which is wrong for L3 on some virtual machines), else None."""
    for index in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if (index / "level").read_text().strip() == str(level):
            if (index / "type").read_text().strip() == "Instruction":
                continue
            return int((index / "size").read_text().strip().removesuffix("K")) * 1024
    size = os.sysconf(f"SC_LEVEL{level}_CACHE_SIZE")
    return size if size > 0 else None


def sizes():
    """Elements of the two sizes: input and output together (8 bytes an element) half of L2; the
    input alone four times the last-level cache, and at least 256 MiB."""
    l2 = _cache_bytes(2) or 512 << 10
    last_level = _cache_bytes(3) or l2
    return {
        "L2": l2 // 2 // (2 * FLOAT_BYTES) // 4096 * 4096,
        "memory": max(4 * last_level, 256 << 20) // FLOAT_BYTES // 4096 * 4096,
    }


def _fields():
    """What /proc/cpuinfo says of the first processor."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    return fields


def cpu_model():
    """The CPU's name, with family and model where the name alone does not say which core it is."""
    fields = _fields()
    name = fields.get("model name") or platform.machine()
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def int8_instructions():
    """The best instructions for products of 8-bit integers that the processor has, by Linux's names;
    without one of the first three, sums of two products saturate at 16 bits on x86."""
    flags = _fields().get("flags", "").split()
    known = ("amx_int8", "avx512_vnni", "avx_vnni", "avx512bw", "avx2")
    return next((name for name in known if name in flags), platform.machine())


def caches():
    def text(level):
        size = _cache_bytes(level)
        return "unknown" if size is None else f"{size >> 10} KiB"

    return f"L1d {text(1)}, L2 {text(2)}, L3 {text(3)}"


def system():
    release = Path("/etc/os-release")
    name = re.search(r'PRETTY_NAME="(.*)"', release.read_text()) if release.exists() else None
    return f"{name.group(1) if name else platform.system()}, Linux {platform.release().split('-')[0]}"


def debian_version(package):
    """The installed version of a Debian package, None without one."""
    if shutil.which("dpkg-query") is None:
        return None
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package],
                          capture_output=True, text=True)
    return done.stdout.strip() or None
