"""Measures the peers that are reached from Python: ONNX Runtime, numpy and, where asked, PyTorch.

Prints what a Google Benchmark program prints with --benchmark_format=json, as far as report.parse
reads it; sizes come in the same environment variables (bench/workload.h).

Every call from Python into a library costs a fixed time. It is measured with 16 elements and
subtracted, to the peers' advantage: in L2 it is a quarter of ONNX Runtime's time, in memory nothing.
"""

import argparse
import importlib
import json
import os
import sys
import time

import numpy as np
from peers_common import aligned

TINY = 16


class Data:
    """Inputs of one size, of the same distributions as in bench/workload.cc."""

    def __init__(self, n):
        rng = np.random.default_rng(20240229)
        self.n = n
        self.normal = aligned(np.resize(rng.standard_normal(1 << 16, dtype=np.float32), n))
        self.codes = aligned(np.resize(rng.integers(0, 256, 1 << 18, dtype=np.uint8), 4 * n))


def seconds_a_call(call, min_time):
    """The mean CPU time over at least min_time, after one call that is not counted."""
    call()
    calls = 1
    while True:
        begin = time.process_time()
        for _ in range(calls):
            call()
        elapsed = time.process_time() - begin
        if elapsed >= min_time:
            return elapsed / calls
        calls = int(min(10 * calls, max(calls + 1, 1.4 * calls * min_time / elapsed)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", nargs="+", required=True, help="onnxruntime, numpy, torch")
    parser.add_argument("--names", nargs="+", required=True, help="library/operation to measure")
    parser.add_argument("--min-time", type=float, default=0.05, help="seconds a case, at least")
    arguments = parser.parse_args()

    sizes = {size: int(os.environ[f"ZP_BENCH_{size.upper()}_ELEMENTS"]) for size in ("L2", "memory")}
    tiny = Data(TINY)
    context, benchmarks = {"python": sys.version.split()[0]}, []
    for size, n in sizes.items():
        data = Data(n)
        for library in arguments.libraries:
            peer = importlib.import_module(f"peers_{library}")
            context[library] = peer.VERSION
            for operation, (make, elements_per_n) in peer.CASES.items():
                if f"{library}/{operation}" not in arguments.names:
                    continue
                overhead = seconds_a_call(make(tiny), arguments.min_time / 5)
                gross = seconds_a_call(make(data), arguments.min_time)
                benchmarks.append({
                    "name": f"{library}/{operation}/{size}",
                    "cpu_time": (gross - overhead) * 1e9,
                    "call_overhead": overhead * 1e9,
                    "time_unit": "ns",
                    "elements": elements_per_n * n,
                })
    json.dump({"context": context, "benchmarks": benchmarks}, sys.stdout)


if __name__ == "__main__":
    main()
