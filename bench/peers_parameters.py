"""The parameters of every quantize and dequantize; the same as in bench/workload.h."""

SCALE = 0.037
ZERO_POINT = 3
