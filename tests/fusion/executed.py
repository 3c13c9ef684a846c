"""What ONNX Runtime and OpenVINO really execute, node by node, by the names of the model's nodes.

As a program: python executed.py MODEL.onnx prints it for OpenVINO as JSON. Its own process, because
OpenVINO may end with a segmentation fault.
"""
import json
import os
import sys
import tempfile

import onnx

# Operators that pass codes on as they are.
LAYOUT = {"Flatten", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"}
PRODUCTS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}


def in_onnxruntime(model):
    """{name: (execution, operator)} of ONNX Runtime's optimized graph; None where it refuses."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = os.path.join(folder, "optimized.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options,
                                     providers=["CPUExecutionProvider"])
        graph = onnx.load(options.optimized_model_filepath).graph
    codes = {tensor.name for tensor in graph.initializer if tensor.data_type in (2, 3)}
    codes |= {value.name for value in graph.input if value.type.tensor_type.elem_type in (2, 3)}
    executed = {}
    for node in graph.node:
        op = node.op_type
        execution = "float"
        if op == "QuantizeLinear":
            codes.update(node.output)
        elif op.startswith("QLinear") or op == "QGemm":
            execution = "int8"
            # QGemm without a scale for its output gives floats.
            if op != "QGemm" or (len(node.input) > 7 and node.input[7]):
                codes.update(node.output)
        elif op in ("MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulInteger", "ConvInteger"):
            execution = "int8"
        elif op == "MatMulNBits":
            execution = "weight-only"
        elif op not in ("DequantizeLinear", "Constant") and set(node.input[:3]) & codes:
            execution = "int8"
            codes.update(node.output)
        executed[node.name] = (execution, op)
    # Names that the optimizer gives to what it merges.
    for name, what in list(executed.items()):
        for suffix in ("/MatMulAddFusion", "/GemmTransposeFusion/", "/GatherSliceToSplitFusion"):
            if name.endswith(suffix):
                executed[name[:-len(suffix)]] = what
        if name.startswith("fused "):
            executed[name[len("fused "):]] = what
    return executed


# The layers in which OpenVINO does an operator by itself.
LAYERS = {"Conv": {"Convolution"}, "ConvTranspose": {"Deconvolution"},
          "Gemm": {"FullyConnected", "MatMul"}, "MatMul": {"FullyConnected", "MatMul"},
          "MaxPool": {"Pooling"}, "AveragePool": {"Pooling"},
          "GlobalAveragePool": {"Reduce", "Pooling"}, "Concat": {"Concatenation"},
          "Reshape": {"Reshape"}, "Flatten": {"Reshape"}, "Squeeze": {"Reshape"},
          "Unsqueeze": {"Reshape"}, "Transpose": {"Transpose", "Reshape"}, "Split": {"Split"},
          "Slice": {"StridedSlice"}, "Gather": {"Gather"}, "Resize": {"Interpolate"},
          "DepthToSpace": {"DepthToSpace"}, "Pad": {"Pad"}, "ReduceMean": {"Reduce"},
          "ReduceMax": {"Reduce"}, "GlobalMaxPool": {"Reduce", "Pooling"}, "Expand": {"Broadcast"}}
# The layers that take other operators along.
TAKES_ALONG = {"Subgraph", "Eltwise", "Math", "FakeQuantize", "Convolution", "Deconvolution",
               "FullyConnected", "MatMul", "Pooling", "Reduce", "Interpolate", "MVN"}


def _layers(model_bytes):
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model_bytes), "CPU",
                                  {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    for layer in compiled.get_runtime_model().get_ordered_ops():
        info = layer.get_rt_info()
        names = info["originalLayersNames"].astype(str) if "originalLayersNames" in info else ""
        yield (info["layerType"].astype(str), info["runtimePrecision"].astype(str),
               info["primitiveType"].astype(str), [name for name in names.split(",") if name])


def in_openvino(model):
    """{name: execution} of OpenVINO's executed graph, where the name can be found in it."""
    by_name = {node.name: node for node in model.graph.node}
    by_output = {value: node.name for node in model.graph.node for value in node.output}

    def owner(name):
        for known in (name, name.removesuffix("_original")):
            if known in by_name:
                return known
            if known in by_output:
                return by_output[known]
        for added in ("/WithoutBiases", "/Dequantization", "/transpose_"):
            if added in name:
                return owner(name[:name.index(added)])
        return None

    found = {}
    for layer, precision, implementation, names in _layers(model.SerializeToString()):
        if layer in ("Input", "Output", "Reorder", "Const"):
            continue
        for name in {owner(name) for name in names} - {None}:
            found.setdefault(name, []).append((layer, precision, implementation))
    executed = {}
    for name, layers in found.items():
        op = by_name[name].op_type
        own = [layer for layer in layers if layer[0] in LAYERS.get(op, ())]
        if not own:
            if op not in LAYERS:
                along = any(layer in TAKES_ALONG for layer, *_ in layers)
                executed[name] = "elementwise" if along else "float"
            continue
        _, precision, implementation = own[0]
        if implementation.lower().endswith(("_i8", "_u8")):
            executed[name] = "int8"
        elif op in PRODUCTS and precision in ("i8", "u8", "i4", "u4"):
            executed[name] = "weight-only"
        else:
            executed[name] = "float"
    return executed


if __name__ == "__main__":
    print(json.dumps(in_openvino(onnx.load(sys.argv[1]))))
