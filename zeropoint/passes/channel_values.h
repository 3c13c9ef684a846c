// Constants that have one value for each channel, and nodes that apply such constants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"

namespace zp {

// The axis of a value that counts channels. Axes are counted from the end, as broadcasting does.
struct ChannelAxis {
  int from_end = 0;  // 0 is the last axis
  std::optional<int> rank;
};

// The tensor's elements, one for each channel, if it is of type float and, broadcast against a
// value with `channels` channels along `axis`, it gives each channel one value and leaves the
// value's shape alone. Errors where it cannot be read.
Result<std::optional<std::vector<double>>> channel_values(const Model& model,
                                                          const onnx::TensorProto& tensor,
                                                          ChannelAxis axis, int64_t channels);

// y = scale * x + shift, an element of each for every channel.
struct ChannelAffine {
  std::vector<double> scale;
  std::vector<double> shift;
};

// The value x of a node that may be such an operation on x: Add, Sub, Mul or Div with one constant,
// BatchNormalization. Empty for other nodes.
std::string affine_input(const GraphIndex& index, const onnx::NodeProto& node);

// What the node does to affine_input, if it does so channel by channel along `axis` and all
// parameters are finite constants of type float.
Result<std::optional<ChannelAffine>> match_affine(const Model& model, const GraphIndex& index,
                                                  const onnx::NodeProto& node, ChannelAxis axis,
                                                  int64_t channels);

// A BatchNormalization that uses its stored statistics and has one output that is used.
bool is_inference_batch_normalization(const GraphIndex& index, const onnx::NodeProto& node);

}  // namespace zp
