"""What the Python peers share: the parameters, the same as in bench/workload.h, and buffers."""

import mmap

import numpy as np

SCALE = 0.037
ZERO_POINT = 3

HUGE_PAGE = 2 << 20


def zeros(n, dtype):
    """n zeros on huge pages of their own, like the C++ programs' buffers. numpy's own small arrays
    begin 16 bytes into a page, where every wide load crosses a cache line, and their scattered
    pages collide in L2."""
    size = n * np.dtype(dtype).itemsize
    memory = mmap.mmap(-1, -(-size // HUGE_PAGE) * HUGE_PAGE + HUGE_PAGE)
    memory.madvise(mmap.MADV_HUGEPAGE)
    whole = np.frombuffer(memory, np.uint8)
    begin = -whole.ctypes.data % HUGE_PAGE
    buffer = whole[begin : begin + size].view(dtype)
    buffer.fill(0)
    return buffer


def aligned(array):
    """A copy of the array in such a buffer."""
    copy = zeros(array.size, array.dtype)
    copy[:] = array
    return copy
