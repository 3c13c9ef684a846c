"""The count of multiply-accumulates in int8, on models whose counts are worked out by hand."""

import accuracy_macs
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

F = TensorProto.FLOAT


def model(nodes, initializers, inputs, output):
    return helper.make_model(
        helper.make_graph(nodes, "g", [helper.make_tensor_value_info(n, F, s) for n, s in inputs],
                          [helper.make_tensor_value_info(output, F, None)],
                          [numpy_helper.from_array(np.asarray(a), n) for n, a in initializers]),
        opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def counted(nodes, initializers, inputs, output):
    feeds = {name: np.zeros(shape, np.float32) for name, shape in inputs}
    return accuracy_macs.count(model(nodes, initializers, inputs, output), feeds)


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def node(operation, inputs, output, **attributes):
    return helper.make_node(operation, inputs, [output], name=operation, **attributes)


def test_a_convolution_costs_its_filter_for_each_output():
    # Outputs 2 x 6 x 4 x 4 (no padding), each a dot product over 2 of 4 channels and 3 x 3.
    result = counted([node("Conv", ["x", "w"], "y", group=2)], [("w", zeros(6, 2, 3, 3))],
                     [("x", [2, 4, 6, 6])], "y")
    assert (result.total, result.int8) == (2 * 6 * 4 * 4 * 2 * 9, 0)
    assert result.in_float == {"Conv": 3456}


def test_a_transposed_convolution_costs_its_filter_for_each_input():
    result = counted([node("ConvTranspose", ["x", "w"], "y", strides=[2, 2])],
                     [("w", zeros(3, 5, 2, 2))], [("x", [1, 3, 4, 4])], "y")
    assert result.total == 3 * 4 * 4 * 5 * 2 * 2


@pytest.mark.parametrize(("shape", "weights", "attributes"), [
    ([7, 3], (3, 5), {}),
    ([7, 3], (5, 3), {"transB": 1}),
    ([3, 7], (3, 5), {"transA": 1}),
])
def test_a_gemm_costs_outputs_times_the_inner_dimension(shape, weights, attributes):
    result = counted([node("Gemm", ["x", "w"], "y", **attributes)], [("w", zeros(*weights))],
                     [("x", shape)], "y")
    assert result.total == 7 * 5 * 3


def test_a_product_of_two_activations_is_not_counted_and_one_with_weights_on_the_left_is():
    result = counted([helper.make_node("MatMul", ["x", "x"], ["xx"]),
                      helper.make_node("MatMul", ["w", "xx"], ["y"])],
                     [("w", zeros(5, 4))], [("x", [4, 4])], "y")
    assert result.total == 5 * 4 * 4


def quantized(name, code_type=np.uint8):
    """x -> Q -> DQ, named name_dq."""
    return ([helper.make_node("QuantizeLinear", [name, "s", f"{name}_z"], [f"{name}_q"]),
             helper.make_node("DequantizeLinear", [f"{name}_q", "s", f"{name}_z"], [f"{name}_dq"])],
            [(f"{name}_z", zeros(dtype=code_type))])


def matmul_of(data, weights, code_type=np.uint8, weight_codes=np.int8):
    nodes, initializers = quantized("x", code_type)
    nodes += [helper.make_node("DequantizeLinear", ["w_q", "s"], ["w_dq"]),
              node("MatMul", [data, weights], "y")]
    initializers += [("s", np.float32(1)), ("w_q", zeros(4, 5, dtype=weight_codes)),
                     ("w", zeros(4, 5))]
    return counted(nodes, initializers, [("x", [2, 4])], "y")


def test_int8_is_what_has_codes_of_eight_bits_on_both_sides():
    both = matmul_of("x_dq", "w_dq")
    assert (both.total, both.int8, both.share, both.in_float) == (40, 40, 1, {})


@pytest.mark.parametrize(("data", "weights"), [("x", "w_dq"), ("x_dq", "w"), ("x", "w")])
def test_codes_on_one_side_alone_are_float(data, weights):
    assert matmul_of(data, weights).in_float == {"MatMul": 40}


def test_codes_kept_in_float_on_the_way_are_float():
    nodes, initializers = quantized("x")
    nodes += [node("Relu", ["x_dq"], "r"), helper.make_node("DequantizeLinear", ["w_q", "s"], ["w"]),
              node("MatMul", ["r", "w"], "y")]
    initializers += [("s", np.float32(1)), ("w_q", zeros(4, 5, dtype=np.int8))]
    assert counted(nodes, initializers, [("x", [2, 4])], "y").share == 0


def test_weights_may_be_turned_after_their_codes():
    nodes, initializers = quantized("x")
    nodes += [helper.make_node("DequantizeLinear", ["w_q", "s"], ["w"]),
              node("Transpose", ["w"], "t"), node("MatMul", ["x_dq", "t"], "y")]
    initializers += [("s", np.float32(1)), ("w_q", zeros(5, 4, dtype=np.int8))]
    assert counted(nodes, initializers, [("x", [2, 4])], "y").share == 1


def test_weights_may_pass_a_quantize_linear_of_their_own():
    nodes, initializers = quantized("x")
    more, more_initializers = quantized("w", np.int8)
    nodes += [*more, node("MatMul", ["x_dq", "w_dq"], "y")]
    initializers += [*more_initializers, ("s", np.float32(1)), ("w", zeros(4, 5))]
    assert counted(nodes, initializers, [("x", [2, 4])], "y").share == 1


def test_integer_forms_are_int8():
    nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "qs", "qz"]),
             node("MatMulInteger", ["q", "w", "qz"], "i"), node("Cast", ["i"], "y", to=F)]
    result = counted(nodes, [("w", zeros(4, 5, dtype=np.int8))], [("x", [2, 4])], "y")
    assert (result.total, result.int8) == (40, 40)


def test_nodes_in_bodies_are_counted_apart():
    body = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["b"])], "body", [],
                             [helper.make_tensor_value_info("b", F, None)])
    made = model([helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)],
                 [("w", zeros(4, 5)), ("c", np.bool_(True))], [("x", [2, 4])], "y")
    result = accuracy_macs.count(made, {"x": zeros(2, 4)})
    assert (result.total, result.share, result.inner) == (0, None, 2)
