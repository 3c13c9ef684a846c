"""What bench/compare compares: one Row an operation of zeropoint, its peers, its limits, its goals.

Benchmarks are named "<implementation>/<operation>/<size>"; see bench/workload.h for the sizes.
"""

from dataclasses import dataclass, field

SIZES = ("L2", "memory")

# How a peer is called in the table.
PEER_NAMES = {
    "onnxruntime": "ONNX Runtime",
    "onednn": "oneDNN",
    "xnnpack": "XNNPACK",
    "numpy": "numpy",
    "torch": "PyTorch",
}


@dataclass(frozen=True)
class Goal:
    """What is to be reached at one size.

    against: "limit" (ratio to the limit, at least), a peer's implementation name (ratio to that
    peer, at least) or "ns" (nanoseconds an element, at most).
    """

    size: str
    against: str
    value: float


@dataclass(frozen=True)
class Row:
    name: str  # the operation under "zeropoint/"
    peers: tuple  # (implementation, operation) pairs
    limits: dict  # size -> operations under "limit/"; the fastest of a round is the limit
    goals: tuple = field(default=())


COPY = ("copy", "4_to_4")  # memcpy, or a loop that does the same


def moves(shape):
    return (shape, shape + "_streaming")


def traffic(shape):
    """Limits of an elementwise operation on floats: in L2 a copy of them, in memory the bytes it has
    to move, with whichever kind of store is faster."""
    return {"L2": COPY, "memory": moves(shape)}


def own_traffic(shape):
    """Limits of an operation without floats: the bytes it has to move, in both sizes."""
    return {size: moves(shape) for size in SIZES}


READ = {size: ("read", "read_two_streams") for size in SIZES}

MEMORY_GOAL = Goal("memory", "limit", 0.9)
ONNX_GOALS = (Goal("L2", "limit", 0.7), Goal("L2", "onnxruntime", 1.5), MEMORY_GOAL)
PYTORCH_GOALS = (Goal("L2", "xnnpack", 1.0), Goal("memory", "xnnpack", 1.0), MEMORY_GOAL)


def peers(operation, *implementations):
    return tuple((implementation, operation) for implementation in implementations)


ROWS = (
    Row("quantize_u8_onnx", peers("quantize_u8", "onnxruntime", "onednn", "numpy"),
        traffic("4_to_1"), ONNX_GOALS),
    Row("quantize_s8_onnx", peers("quantize_s8", "onnxruntime", "onednn", "numpy"),
        traffic("4_to_1"), ONNX_GOALS),
    Row("quantize_u8_pytorch", peers("quantize_u8", "xnnpack", "onednn", "torch"),
        traffic("4_to_1"), PYTORCH_GOALS),
    Row("quantize_s8_pytorch", peers("quantize_s8", "xnnpack", "onednn", "torch"),
        traffic("4_to_1"), PYTORCH_GOALS),
    Row("quantize_u8_tflite", peers("quantize_u8_half_away", "numpy"), traffic("4_to_1"),
        (MEMORY_GOAL,)),
    Row("quantize_u16_onnx", peers("quantize_u16", "onnxruntime", "numpy"), traffic("4_to_2"),
        (MEMORY_GOAL,)),
    Row("dequantize_u8", peers("dequantize_u8", "onnxruntime", "onednn", "xnnpack", "numpy", "torch"),
        traffic("1_to_4"), (MEMORY_GOAL,)),
    Row("dequantize_s8", peers("dequantize_s8", "onnxruntime", "onednn", "xnnpack", "numpy", "torch"),
        traffic("1_to_4"), (MEMORY_GOAL,)),
    Row("dequantize_u16", peers("dequantize_u16", "onnxruntime", "numpy"), traffic("2_to_4"),
        (MEMORY_GOAL,)),
    Row("fake_quantize_u8_onnx", peers("fake_quantize_u8", "onnxruntime", "numpy"),
        traffic("4_to_4")),
    Row("fake_quantize_u8_pytorch", peers("fake_quantize_u8", "torch"), traffic("4_to_4")),
    Row("requantize_u8_float", peers("requantize_u8", "onednn", "numpy"), traffic("4_to_1")),
    Row("requantize_u8_tflite", (), traffic("4_to_1")),
    Row("min_max", peers("min_max", "onnxruntime", "numpy", "torch"), READ, (MEMORY_GOAL,)),
    Row("moments", peers("moments", "numpy", "torch"), READ),
    Row("histogram", peers("histogram", "numpy"), READ, (Goal("L2", "ns", 0.4),)),
    Row("histogram_relu", peers("histogram_relu", "numpy"), READ),
    Row("histogram_constant", peers("histogram_constant", "numpy"), READ),
    Row("pack_u4", peers("pack_u4", "numpy"), own_traffic("1_to_half")),
    Row("unpack_u4", peers("unpack_u4", "numpy"), own_traffic("half_to_1")),
)


def benchmark_names(chosen, wanted_peers):
    """The "<implementation>/<operation>" that the chosen rows need."""
    names = {"limit/copy", "limit/memcpy_of_5_bytes"}
    for row in chosen:
        names.add(f"zeropoint/{row.name}")
        names |= {f"{i}/{operation}" for i, operation in row.peers if i in wanted_peers}
        names |= {f"limit/{operation}" for operations in row.limits.values() for operation in operations}
    return names
