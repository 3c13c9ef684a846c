"""Counts which share of a model's multiply-accumulates is in int8, from the model alone.

    accuracy_macs.py MODEL SAMPLE

Counted are Conv, ConvTranspose, Gemm and MatMul against weights (what follows from constants alone),
and their integer forms. A node is in int8 when both its data and its weights come straight from
a DequantizeLinear of 8 bits, or when it is an integer form. Shapes are those of a run of SAMPLE
(.npy, or .npz with inputs by name) in ONNX Runtime. Nodes inside If, Loop and Scan are not counted;
"inner" is their number. Prints a line of JSON.
"""

import json
import sys
from dataclasses import dataclass
from math import prod

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto

EIGHT_BITS = {TensorProto.INT8, TensorProto.UINT8}

# Where data and weights stand among the inputs.
FLOAT_FORMS = {"Conv": (0, 1), "ConvTranspose": (0, 1), "Gemm": (0, 1), "MatMul": (0, 1)}
INTEGER_FORMS = {"ConvInteger": (0, 1), "MatMulInteger": (0, 1), "QLinearConv": (0, 3),
                 "QLinearMatMul": (0, 3), "DynamicQuantizeMatMul": (0, 1),
                 "MatMulIntegerToFloat": (0, 1), "QGemm": (0, 3)}
PLACES = FLOAT_FORMS | INTEGER_FORMS


@dataclass(frozen=True)
class Shares:
    """Multiply-accumulates of one run, and the names of the nodes in float with their counts."""

    total: int
    int8: int
    in_float: dict
    inner: int

    @property
    def share(self):
        return self.int8 / self.total if self.total else None


def constants(graph):
    """Names of the tensors that follow from constants alone."""
    known = {i.name for i in graph.initializer} | {i.values.name for i in graph.sparse_initializer}
    known.add("")  # an input left out
    for node in graph.node:  # in topological order, as ONNX demands
        inner = any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
                    for a in node.attribute)
        random = node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial")
        if not inner and not random and all(name in known for name in node.input):
            known.update(node.output)
    return known


def inner_nodes(graph):
    """How many nodes that would be counted stand inside other nodes."""
    return sum(
        sum(node.op_type in PLACES for node in body.node) + inner_nodes(body)
        for node in graph.node
        for attribute in node.attribute
        for body in ([attribute.g] if attribute.HasField("g") else list(attribute.graphs))
    )


def against_weights(graph):
    """(node, its data, its weights) of the nodes that are counted."""
    constant = constants(graph)
    for node in graph.node:
        if node.op_type not in PLACES:
            continue
        data, weights = (node.input[place] for place in PLACES[node.op_type])
        if data in constant and weights in constant:
            continue
        if weights in constant:
            yield node, data, weights
        elif data in constant and node.op_type not in INTEGER_FORMS:
            yield node, weights, data


class Codes:
    """Which tensors come straight from a DequantizeLinear of 8 bits."""

    def __init__(self, graph):
        self.producers = {name: node for node in graph.node for name in node.output}
        self.types = {i.name: i.data_type for i in graph.initializer}

    def type_of(self, name):
        """The type of codes: as stored, or as the QuantizeLinear that makes them says."""
        if name in self.types:
            return self.types[name]
        node = self.producers.get(name)
        if node is None:
            return None
        if node.op_type == "QuantizeLinear":
            named = [a.i for a in node.attribute if a.name == "output_dtype" and a.i]
            if named:
                return named[0]
            has_zero_point = len(node.input) > 2 and node.input[2]
            return self.type_of(node.input[2]) if has_zero_point else TensorProto.UINT8
        if node.op_type == "Constant":
            return next((a.t.data_type for a in node.attribute if a.name == "value"), None)
        if node.op_type in ("Reshape", "Transpose", "Identity", "Squeeze", "Unsqueeze", "Flatten"):
            return self.type_of(node.input[0])
        return None

    def eight_bits(self, name):
        node = self.producers.get(name)
        if node is None:
            return False
        if node.op_type == "Transpose":  # of weights: a Gemm's or MatMul's, turned after its codes
            return self.eight_bits(node.input[0])
        return node.op_type == "DequantizeLinear" and self.type_of(node.input[0]) in EIGHT_BITS


def cost(node, shapes, data, weights):
    """Multiply-accumulates of a node: a convolution reads a filter for each output, its transpose
    writes one for each input, a product has as many as outputs times its inner dimension."""
    if node.op_type in ("Conv", "QLinearConv", "ConvInteger"):
        return prod(shapes[node.output[0]]) * prod(shapes[weights][1:])
    if node.op_type == "ConvTranspose":
        return prod(shapes[data]) * prod(shapes[weights][1:])
    inner = shapes[node.input[0]][-1]
    if node.op_type in ("Gemm", "QGemm"):
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        inner = shapes[node.input[0]][0 if turned else -1]
    return prod(shapes[node.output[0]]) * inner


def shapes_of(model, names, feeds):
    """The shapes of tensors in a run without optimizations, which leaves all of them in place."""
    stored = {i.name: tuple(i.dims) for i in model.graph.initializer}
    given = {name: feed.shape for name, feed in feeds.items()}
    wanted = sorted(set(names) - set(stored) - set(given))
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    del exposed.graph.output[:]
    exposed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(exposed.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    results = session.run(wanted, feeds)
    return stored | given | {name: result.shape for name, result in zip(wanted, results)}


def count(model, feeds):
    counted = list(against_weights(model.graph))
    names = {name for node, data, weights in counted
             for name in (data, weights, node.input[0], node.output[0])}
    shapes = shapes_of(model, names, feeds) if counted else {}
    codes = Codes(model.graph)
    total, int8, in_float = 0, 0, {}
    for node, data, weights in counted:
        macs = cost(node, shapes, data, weights)
        total += macs
        if node.op_type in INTEGER_FORMS or (codes.eight_bits(data) and codes.eight_bits(weights)):
            int8 += macs
        else:
            in_float[node.name or node.output[0]] = macs
    return Shares(total, int8, in_float, inner_nodes(model.graph))


def main():
    path, sample = sys.argv[1:]
    model = onnx.load(path)
    loaded = np.load(sample)
    constant = {i.name for i in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in constant]
    feeds = dict(loaded) if sample.endswith(".npz") else {names[0]: loaded}
    result = count(model, feeds)
    largest = sorted(result.in_float.items(), key=lambda item: -item[1])[:20]
    print(json.dumps({"total": result.total, "int8": result.int8, "share": result.share,
                      "inner": result.inner, "in_float": dict(largest)}))


if __name__ == "__main__":
    main()
