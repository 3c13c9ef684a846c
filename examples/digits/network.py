"""The classifier of the digits example, written once and read three ways.

`classifier(layers, image)` says which layer follows which. What a layer does is up to `layers`:

    Parameters  draws the weights that the layers need
    Forward     computes in JAX, for training and for evaluation
    Graph       writes ONNX nodes, BatchNormalization unfolded as training frameworks leave it

Tensors are NCHW, convolutions have "same" padding and no bias: a BatchNormalization follows each.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from onnx import TensorProto, helper, numpy_helper

CLASSES = 10
EPSILON = 1e-5


def classifier(layers, image):
    """image: N x 1 x 8 x 8 in 0..1. Returns N x 10 logits."""

    def conv_norm(x, name, channels_in, channels_out, **geometry):
        x = layers.conv(x, f"{name}.conv", channels_in, channels_out, **geometry)
        return layers.norm(x, f"{name}.norm", channels_out)

    x = layers.relu6(conv_norm(image, "stem", 1, 16, kernel=3))

    # A separable convolution.
    x = layers.relu6(conv_norm(x, "separable.depthwise", 16, 16, kernel=3, groups=16))
    x = layers.relu6(conv_norm(x, "separable.pointwise", 16, 32, kernel=1))

    # An inverted residual: its sum has no activation.
    y = layers.relu6(conv_norm(x, "inverted.expand", 32, 64, kernel=1))
    y = layers.relu6(conv_norm(y, "inverted.depthwise", 64, 64, kernel=3, groups=64))
    x = layers.add(x, conv_norm(y, "inverted.project", 64, 32, kernel=1))

    # A residual block at half the resolution: its sum has a ReLU.
    x = layers.relu(conv_norm(x, "reduce", 32, 32, kernel=3, stride=2))
    y = layers.relu(conv_norm(x, "residual.first", 32, 32, kernel=3))
    x = layers.relu(layers.add(x, conv_norm(y, "residual.second", 32, 32, kernel=3)))

    return layers.dense(layers.mean(x), "classes", 32, CLASSES)


class Parameters:
    """Draws weights (He's normal distribution) into `values`; the running statistics of the
    normalizations go into `statistics`. Tensors are of no interest: every layer returns None."""

    def __init__(self, rng):
        self.rng = rng
        self.values = {}
        self.statistics = {}

    def _normal(self, shape, fan_in):
        return jnp.asarray(self.rng.normal(0, np.sqrt(2 / fan_in), shape), jnp.float32)

    def conv(self, x, name, channels_in, channels_out, kernel, stride=1, groups=1):
        shape = (channels_out, channels_in // groups, kernel, kernel)
        self.values[f"{name}.weight"] = self._normal(shape, shape[1] * kernel * kernel)

    def norm(self, x, name, channels):
        self.values |= {f"{name}.scale": jnp.ones(channels), f"{name}.bias": jnp.zeros(channels)}
        self.statistics |= {f"{name}.mean": jnp.zeros(channels), f"{name}.var": jnp.ones(channels)}

    def dense(self, x, name, channels_in, channels_out):
        self.values[f"{name}.weight"] = self._normal((channels_out, channels_in), channels_in)
        self.values[f"{name}.bias"] = jnp.zeros(channels_out)

    def relu(self, x):
        pass

    relu6 = mean = relu

    def add(self, x, y):
        pass


class Forward:
    """Computes with `values`. Given `statistics`, the normalizations use them; without, they use the
    batch's own, and `seen` holds these afterwards."""

    def __init__(self, values, statistics=None):
        self.values = values
        self.statistics = statistics
        self.seen = {}

    def conv(self, x, name, channels_in, channels_out, kernel, stride=1, groups=1):
        pad = kernel // 2
        return lax.conv_general_dilated(x, self.values[f"{name}.weight"], (stride, stride),
                                        [(pad, pad), (pad, pad)], feature_group_count=groups)

    def norm(self, x, name, channels):
        if self.statistics is None:
            self.seen[f"{name}.mean"] = x.mean((0, 2, 3))
            self.seen[f"{name}.var"] = x.var((0, 2, 3))
        used = self.seen if self.statistics is None else self.statistics
        mean, var = used[f"{name}.mean"], used[f"{name}.var"]
        factor = self.values[f"{name}.scale"] * lax.rsqrt(var + EPSILON)
        shift = self.values[f"{name}.bias"] - mean * factor
        return x * factor[:, None, None] + shift[:, None, None]

    def dense(self, x, name, channels_in, channels_out):
        return x @ self.values[f"{name}.weight"].T + self.values[f"{name}.bias"]

    def relu(self, x):
        return jax.nn.relu(x)

    def relu6(self, x):
        return jnp.clip(x, 0, 6)

    def mean(self, x):
        return x.mean((2, 3))

    def add(self, x, y):
        return x + y


class Graph:
    """Collects ONNX nodes and initializers. A tensor is its name."""

    def __init__(self, constants):
        """constants: values and statistics by name, as in Parameters."""
        self.constants = constants
        self.nodes = []
        self.initializers = {}

    def _constant(self, name, array):
        self.initializers[name] = numpy_helper.from_array(np.asarray(array, np.float32), name)
        return name

    def _node(self, operation, inputs, name, **attributes):
        output = f"{name}.out"
        self.nodes.append(helper.make_node(operation, inputs, [output], name=name, **attributes))
        return output

    def _after(self, x, operation):
        """A name for what follows tensor x and has none of its own."""
        return f"{x.removesuffix('.out')}.{operation}"

    def conv(self, x, name, channels_in, channels_out, kernel, stride=1, groups=1):
        weight = self._constant(f"{name}.weight", self.constants[f"{name}.weight"])
        return self._node("Conv", [x, weight], name, kernel_shape=[kernel, kernel],
                          strides=[stride, stride], pads=[kernel // 2] * 4, group=groups)

    def norm(self, x, name, channels):
        parts = [self._constant(f"{name}.{part}", self.constants[f"{name}.{part}"])
                 for part in ("scale", "bias", "mean", "var")]
        return self._node("BatchNormalization", [x, *parts], name, epsilon=EPSILON)

    def dense(self, x, name, channels_in, channels_out):
        parts = [self._constant(f"{name}.{part}", self.constants[f"{name}.{part}"])
                 for part in ("weight", "bias")]
        return self._node("Gemm", [x, *parts], name, transB=1)

    def relu(self, x):
        return self._node("Relu", [x], self._after(x, "relu"))

    def relu6(self, x):
        bounds = [self._constant("zero", 0), self._constant("six", 6)]
        return self._node("Clip", [x, *bounds], self._after(x, "relu6"))

    def mean(self, x):
        pooled = self._node("GlobalAveragePool", [x], "mean")
        return self._node("Flatten", [pooled], "flatten")

    def add(self, x, y):
        return self._node("Add", [x, y], self._after(y, "add"))


def onnx_model(constants, size):
    """The classifier for images of size x size as an ONNX model of opset 13, batch size open."""
    graph = Graph(constants)
    logits = classifier(graph, "image")
    for node in graph.nodes:
        node.output[:] = ["logits" if name == logits else name for name in node.output]
    return helper.make_model(
        helper.make_graph(
            graph.nodes, "digits",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, size, size])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
            list(graph.initializers.values())),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=7,
        producer_name="zeropoint examples/digits")
