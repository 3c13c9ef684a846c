#!/usr/bin/env python3
"""Writes fuzz/corpus: small models that reach every part of loading and preparing.

Run it with build/venv/bin/python after adding a model; the files are committed.
"""

import pathlib

import onnx
from onnx import TensorProto, helper, parser

CORPUS = pathlib.Path(__file__).parent / "corpus"


def text(graph, opset=13, ir=8, functions="", domains=""):
    return parser.parse_model(
        f'<ir_version: {ir}, opset_import: ["" : {opset}{domains}]> {graph} {functions}')


def models():
    yield "conv_normalization", text("""g (float[1,1,2,2] x) => (float[1,2,2,2] z)
        <float[2,1,1,1] w = {1, 2}, float[2] s = {1, 2}, float[2] m = {3, 4}> {
          y = Conv(x, w) u = BatchNormalization(y, s, m, m, s) v = Identity(u) z = Relu(v) }""")
    yield "normalization_gemm", text("""g (float[n,2] x) => (float[n,2] z)
        <float[2,2] w = {1, 2, 3, 4}, float[2] s = {1, 2}> {
          y = BatchNormalization(x, s, s, s, s) u = Gemm<transB = 1, alpha = 0.5>(y, w, s)
          z = Mul(u, s) }""")
    yield "transposed_convolution", text("""g (float[1,2,2,2] x) => (float[1,2,h,w] z)
        <float[2,1,2,2] k = {1, 2, 3, 4, 5, 6, 7, 8}, float[1,2,1,1] c = {1, 2}> {
          y = ConvTranspose<group = 2, strides = [2, 2]>(x, k) z = Sub(c, y) }""")
    yield "matmul_bias", text("""g (float[n,2] x) => (float[n,3] z)
        <float[3,2] w = {1, 2, 3, 4, 5, 6}, float[3] c = {1, 2, 3}> {
          t = Transpose(w) y = MatMul(x, t) z = Add(c, y) }""")
    yield "pads", text("""g (float[1,1,4,4] x) => (float[1,1,a,b] z, float[1,1,c,d] u)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, int64[8] p = {0, 0, 1, 1, 0, 0, 1, 1}> {
          r = Relu(x) y = Pad(r, p) z = Conv(y, w) u = MaxPool<kernel_shape = [3, 3]>(y) }""")
    yield "constant_shapes", text("""g (float[2,3,4] x) => (float[a,b] z) {
          s = Shape(x) i = Constant<value_int = 1>() d = Gather(s, i)
          j = Constant<value_ints = [0]>() e = Unsqueeze(d, j)
          k = Constant<value = int64[1] {-1}>() t = Concat<axis = 0>(e, k)
          o = ConstantOfShape<value = float[1] {2}>(e) q = Size(x) f = Cast<to = 1>(q)
          y = Reshape(x, t) v = Add(y, f) w = Slice(v, j, k) z = Mul(w, f) }""")
    yield "constant_values", text("""g (float[2] x) => (float[2] z)
        <int64[2] a = {1, 2}, int64[2] b = {2, 2}, float[2] c = {3, 4}, float[1] d = {5},
         int64[2] e = {2, 2}, int64 o = {1}> {
          g = Equal(a, b) h = Where(g, c, d) i = Div(a, b) j = Cast<to = 1>(i) k = Sqrt(h)
          l = Expand(d, e) m = Gather(l, o) z = Sum(x, j, k, m) }""")
    yield "branches", text("""g (float[2] x, bool c) => (float[1,2] z) {
          y = Relu(x)
          z = If (c) <
            then_branch = t () => (float[1,2] p)
              <float[2] w = {1, 2}> { v = Add(y, w) p = Unsqueeze<axes = [0]>(v) },
            else_branch = e () => (float[1,2] q)
              { n = Identity(x) q = Unsqueeze<axes = [0]>(n) }> }""", opset=11)
    yield "loop", text("""g (float[2] x, int64 n, bool c) => (float[2] z) {
          z = Loop (n, c, x) <body = b (int64 i, bool d, float[2] s) => (bool e, float[2] t)
                { e = Identity(d) h = Constant<value_float = 0.5>()
                  u = Mul(s, h) t = Add(u, x) }> }""")
    yield "functions", text("""g (float[2] x) => (float[1,2] z) {
          y = local.f(x) z = local.h(y) }""", functions="""<domain: "local", opset_import: ["" : 13]>
          f (a) => (b) { c = Relu(a) b = Neg(c) }
          <domain: "local", opset_import: ["" : 11]>
          h (a) => (b) { b = Unsqueeze<axes = [0]>(a) }""", domains=', "local" : 1')
    yield "old_broadcast", text("""g (float[2,3,4] x) => (float[2,3,4] z)
        <float[3] c = {1, 2, 3}> {
          y = Add<broadcast = 1, axis = 1>(x, c) u = PRelu(y, c) z = Clip<min = 0.0>(u) }""",
                                opset=6)
    yield "old_resize", text("""g (float[1,1,2,2] x) => (float[1,1,4,4] z)
        <float[4] s = {1, 1, 2, 2}> {
          y = Upsample<mode = "nearest">(x, s) u = Softmax<axis = 1>(y)
          z = Slice<starts = [0], ends = [4], axes = [3]>(u) }""", opset=9)
    yield "default_inputs", text("""g (float[1,2] x, float[2,2] w, float s) => (float[1,2] z)
        <float[2,2] w = {1, 2, 3, 4}, float s = {5}> {
          y = MatMul(x, w) u, m = Dropout(y) z = Mul(u, s) }""", opset=8, ir=3)
    yield "recurrent", text("""g (float[1,1,2] x) => (float[1,1,1] h)
        <float[1,4,2] w = {1, 2, 3, 4, 5, 6, 7, 8}, float[1,4,1] r = {1, 2, 3, 4}> {
          y, h, c = LSTM<hidden_size = 1>(x, w, r, , , , ) }""")
    yield "quantized", text("""g (float[2] x) => (float[2] z)
        <float s = {0.5}, uint8 p = {128}> {
          q = QuantizeLinear(x, s, p) z = DequantizeLinear(q, s, p) }""")
    yield "other_domain", text("""g (float[2] x) => (float[2] z) {
          y = com.microsoft.FastGelu(x) z = Relu(y) }""", opset=11, domains=', "com.microsoft" : 1')
    yield "doubles", text("""g (double[1,1,2,2] x) => (double[1,1,2,2] z)
        <double[1,1,1,1] w = {2}, double c = {3}> {
          y = Conv(x, w) u = Mul(y, c) z = Clip<min = 0.0, max = 6.0>(u) }""", opset=10)

    external = text("g (float[n] x) => (float[n] z) { z = Add(x, w) }")
    tensor = external.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in [("location", "w.bin"), ("offset", "0"), ("length", "8")]:
        tensor.external_data.add(key=key, value=value)
    yield "external", external

    sparse = text("g (float[2] x) => (float[2] z) { z = Add(x, w) }")
    sparse.graph.sparse_initializer.add().CopyFrom(helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [1], [3.0]),
        helper.make_tensor("", TensorProto.INT64, [1], [1]), [2]))
    annotation = sparse.graph.quantization_annotation.add(tensor_name="x")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="w")
    yield "sparse", sparse


def main():
    CORPUS.mkdir(exist_ok=True)
    for name, model in models():
        if name not in ("external", "sparse"):  # which the checker refuses as they lie here
            onnx.checker.check_model(model, True, skip_opset_compatibility_check=True)
        (CORPUS / f"{name}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
