// Multiply-accumulates of a model's nodes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

enum class ProductKind {
  kWeights,      // one factor is a constant, or a constant behind DequantizeLinear
  kActivations,  // two values that the model computes, as in attention
  kRecurrent,    // LSTM, GRU, RNN
};

// "weights", "activations", "recurrent".
std::string_view name(ProductKind kind);

struct NodeMacs {
  int node = 0;      // its number in the main graph
  int64_t macs = 0;  // 0 where the shapes are not known
  ProductKind kind = ProductKind::kWeights;
  bool is_unknown = false;
  // As written in the model: both factors come as codes of 8 bits, through DequantizeLinear (and
  // Reshape, MaxPool and their like behind it), or the operator is one on integers. What a runtime
  // makes of that is for targets/fusion.h.
  bool is_int8 = false;
};

// Of each Conv, ConvTranspose, Gemm, MatMul, LSTM, GRU and RNN of the main graph, and of their
// integer forms. A dimension that is not known counts as 1, so that of a model with a free batch
// size it is the work for one sample.
//
//   Conv           elements of the output * elements of the weight / output channels
//   ConvTranspose  elements of the input * elements of the weight / input channels
//   Gemm, MatMul   elements of the output * the dimension that is summed over
//   LSTM, GRU, RNN steps * batch * elements of both weights
std::vector<NodeMacs> count_macs(const onnx::GraphProto& graph, const ValueInfos& values);

// What infer_values says of the model with these shapes for its inputs, by name, and with 1 for
// every dimension of an input that stays open. Errors: a name that is no input, another rank,
// shapes that contradict the model.
Result<ValueInfos> infer_values_with(const Model& model,
                                     const std::map<std::string, std::vector<int64_t>>& shapes);

}  // namespace zp
