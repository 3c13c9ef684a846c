// Constants that nodes multiply with or look up in, and along which axes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// What a node does with a constant. The axes follow from the operator's definition:
//
//                    output channels       summed over (blocks lie along it)
//   MatMul           right: last           right: last but one
//                    left: last but one    left: last
//   Gemm             as MatMul, with transA and transB
//   Conv             0                     1
//   ConvTranspose    1                     0
//   Gather           its own axis          the last (the last but one where it gathers from that)
//   LSTM, GRU, RNN   1 (rows of W and R)   2
enum class WeightRole {
  kMatMulRight,
  kMatMulLeft,
  kGemmRight,
  kGemmLeft,
  kConv,
  kGather,
  kRecurrent
};

struct WeightUse {
  onnx::GraphProto* graph = nullptr;  // that `node` stands in
  onnx::NodeProto* node = nullptr;
  int input = 0;
  WeightRole role = WeightRole::kMatMulRight;
  // Axis i of what the node reads is axis permutation[i] of the constant: nodes may read it through
  // Transpose and Identity nodes of the constant's own graph.
  std::vector<int64_t> permutation;
  int64_t channel_axis = 0;  // of the constant as it is stored, as is block_axis
  int64_t block_axis = 0;
  // As a matrix the constant has its output channels in rows (N x K), not in columns (K x N).
  bool channels_in_rows() const { return channel_axis < block_axis; }
};

// A dense float constant of a graph or of a body that at least one node uses as a weight.
struct Weight {
  onnx::GraphProto* graph = nullptr;      // which defines it
  onnx::TensorProto* tensor = nullptr;    // in an initializer or in the attribute of `constant`
  onnx::NodeProto* constant = nullptr;    // the Constant node, or nullptr for an initializer
  std::string name;                       // of the value
  std::vector<WeightUse> uses;            // in node order, those inside bodies included
  std::vector<onnx::NodeProto*> between;  // Transpose and Identity nodes on the way to a use
};

// Those of all graphs of the model, in order. Left out: constants that are outputs of their graph,
// which stay as they are, and initializers that are also inputs, which a caller may override.
// Pointers lead into `model`; they stay valid while nodes and initializers are only added.
std::vector<Weight> find_weights(onnx::ModelProto& model);

// Once nodes read other values instead: takes out the constants that nobody reads any more and the
// nodes between, and puts the nodes of the graph and its bodies in order. The weights' pointers are
// dangling afterwards.
Status remove_unread(onnx::GraphProto& graph, const std::vector<const Weight*>& weights);

}  // namespace zp
