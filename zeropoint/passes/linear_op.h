// Nodes that multiply their first input with constant weights: Conv, ConvTranspose, Gemm, MatMul.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/passes/channel_values.h"

namespace zp {

enum class LinearKind { kConv, kConvTranspose, kGemm, kMatMul };

// y = W x + b, channel by channel: weights and bias are constants of type float.
struct LinearOp {
  LinearKind kind = LinearKind::kConv;
  int node = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 1;
  int64_t inner = 1;               // elements of a convolution's window
  bool out_channel_first = false;  // Gemm with transB
  double alpha = 1;                // Gemm's factor of the product
  std::vector<double> bias;        // one for each output channel, times Gemm's beta; or empty
  ChannelAxis input_axis;
  ChannelAxis output_axis;
};

// Node number `node` of the graph that `index` was built of, if it is one: its weights a dense
// constant of that graph with two dimensions (MatMul, Gemm) or at least three (convolutions), its
// bias absent or a constant for each output channel. `values` may lack any value.
Result<std::optional<LinearOp>> match_linear_op(const Model& model, const onnx::GraphProto& graph,
                                                const GraphIndex& index, const ValueInfos& values,
                                                int node);

// For each output or input channel, or empty for "all 1" and "all 0".
struct LinearChange {
  std::vector<double> out_scale;
  std::vector<double> out_shift;
  std::vector<double> in_scale;
  std::vector<double> in_shift;
};

// Weights and bias of y = out_scale * (W (in_scale * x + in_shift) + b) + out_shift, computed in
// double and rounded once. alpha and beta are in them.
struct LinearParameters {
  std::optional<Tensor> weights;  // nothing where they stay as they are
  std::vector<float> bias;        // empty where it would be all 0 and there was none
};

// Nothing where an element would not be finite, where weights of more than 128 MiB would change, or
// where a MatMul would get a bias that it cannot hold: as a Gemm it can if its first input has rank
// 2. in_shift must be empty where a convolution's padding or a ConvTranspose's borders would not
// see it.
Result<std::optional<LinearParameters>> changed_parameters(const Model& model,
                                                           const onnx::GraphProto& graph,
                                                           const GraphIndex& index,
                                                           const LinearOp& op,
                                                           const LinearChange& change);

// Gives the node these parameters: in place where nothing else reads the tensors, otherwise as new
// ones. A MatMul that gets a bias becomes a Gemm. Fails only where a large model's temporary file
// cannot be written.
Status set_parameters(Model& model, onnx::GraphProto& graph, const GraphIndex& index,
                      UniqueNames& names, const LinearOp& op, const LinearParameters& parameters);

}  // namespace zp
