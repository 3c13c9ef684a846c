// Which values of a graph share their channels, so that a factor for each channel can be moved
// between the weights of the nodes that make them and of those that read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// The channels of a value.
struct Channels {
  int64_t axis = -1;  // counted from the end: -1 is the last one, -3 that of [N, C, H, W]
  int64_t count = 0;

  friend bool operator==(const Channels&, const Channels&) = default;
};

// A value of a node that passes channels on: its channel 0 is number `first` of the node's.
struct ChannelPart {
  std::string value;
  int64_t first = 0;
};

class ChannelFlow {
 public:
  // Channels begin at nodes with constant weights (match_linear_op in linear_op.h) and spread
  // through operators for which f(r x) = r f(x), channel by channel with r > 0: Relu, LeakyRelu,
  // PRelu with a slope a channel, Clip from 0 upwards, Add, Sum and Max of values of one shape,
  // Concat of channels, pooling, Resize that leaves channels alone, Pad with zeros, Identity.
  static Result<ChannelFlow> of(const Model& model, const ValueInfos& values);

  // Nothing where a value's channels are not known, or would have to lie along two axes.
  std::optional<Channels> channels(const std::string& value) const;
  // All data inputs and outputs of a node that passes channels on; empty for every other node.
  const std::vector<ChannelPart>& parts(int node) const {
    return parts_[static_cast<size_t>(node)];
  }
  // Whether it is a node with constant weights whose data and output have channels.
  bool is_linear(int node) const { return linear_[static_cast<size_t>(node)]; }

 private:
  std::unordered_map<std::string, Channels> channels_;
  std::vector<std::vector<ChannelPart>> parts_;
  std::vector<bool> linear_;
};

}  // namespace zp
