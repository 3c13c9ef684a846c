"""Models whose weights lie beside them, as large as wanted."""

import numpy as np
from onnx import TensorProto, helper
from weights import value

GB = 1 << 30


def large_model(folder, rows, width, hidden, pairs):
    """A table of rows x width, then `pairs` times width x hidden and hidden x width; the weights in
    one file beside the model."""
    block = np.random.default_rng(3).standard_normal(1 << 16).astype(np.float32) / width**0.5
    shapes = {"table": (rows, width)}
    nodes = [helper.make_node("Gather", ["table", "ids"], ["x0"])]
    for i in range(2 * pairs):
        shapes[f"w{i}"] = (width, hidden) if i % 2 == 0 else (hidden, width)
        nodes.append(helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]))
    tensors = []
    with open(folder / "large.data", "wb") as data:
        for name, shape in shapes.items():
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
            tensor.data_location = TensorProto.EXTERNAL
            size = 4 * shape[0] * shape[1]
            for key, text in ("location", "large.data"), ("offset", data.tell()), ("length", size):
                tensor.external_data.add(key=key, value=str(text))
            for part in range(size // block.nbytes):
                data.write(np.roll(block, 977 * part + len(tensors)))
            tensors.append(tensor)
    graph = helper.make_graph(
        nodes, "g", [value("ids", [1, 2], np.int64)], [value(f"x{2 * pairs}", [1, 2, width])],
        tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    path = folder / "large.onnx"
    path.write_bytes(model.SerializeToString())
    return path
