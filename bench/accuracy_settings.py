"""The fixed settings at which ONNX Runtime's tool is compared: its arguments, enums by name.

"prepare" stands for the preparation in accuracy_peer.py, "dynamic" for quantize_dynamic. What is not
named has its default: minimum and maximum as the range, QDQ format, int8 and int8, per tensor.
"""

CORE = ["Conv", "ConvTranspose", "Gemm", "MatMul"]
U8S8 = {"prepare": True, "per_channel": True, "activation_type": "QUInt8", "weight_type": "QInt8"}
U8U8 = {"prepare": True, "activation_type": "QUInt8", "weight_type": "QUInt8"}

SETTINGS = {
    "default": {},
    "minmax": U8S8,
    "minmax-u8u8": U8U8,
    "minmax-u8u8-core": U8U8 | {"op_types_to_quantize": CORE},
    "minmax-reduced": U8S8 | {"reduce_range": True},
    "percentile": U8S8 | {"calibrate_method": "Percentile"},
    "entropy": U8S8 | {"calibrate_method": "Entropy"},
    "dynamic": {"prepare": True, "dynamic": True},
}

# The fastest of them, against which speed is compared.
FASTEST = "minmax"

# Those that calibrate, among which the best is chosen.
STATIC = [name for name, options in SETTINGS.items() if not options.get("dynamic")]

# Those whose time ours is compared with.
SLOW = ("percentile", "entropy")
