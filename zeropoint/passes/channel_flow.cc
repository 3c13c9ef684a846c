#include "zeropoint/passes/channel_flow.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <unordered_set>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/passes/linear_op.h"

namespace zp {
namespace {

bool is_one_of(const onnx::NodeProto& node, std::initializer_list<std::string_view> ops) {
  return std::ranges::any_of(ops, [&](std::string_view op) { return is_op(node, op); });
}

class Flow {
 public:
  Flow(const Model& model, const ValueInfos& values)
      : model_(model), graph_(model.graph()), index_(graph_), values_(values) {}

  Status run() {
    const auto count = static_cast<size_t>(graph_.node_size());
    linear.resize(count);
    parts.resize(count);
    for (int i = 0; i < graph_.node_size(); ++i) ZP_RETURN_IF_ERROR(begin(i));
    // Through the operators in both directions until nothing is new.
    for (bool grows = true; grows;) {
      grows = false;
      for (int i = 0; i < graph_.node_size(); ++i) grows = spread(i) || grows;
    }
    for (const auto& value : banned_) channels.erase(value);
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (!linear[static_cast<size_t>(i)]) ZP_RETURN_IF_ERROR(join(i));
    }
    return {};
  }

  std::unordered_map<std::string, Channels> channels;
  std::vector<std::vector<ChannelPart>> parts;
  std::vector<bool> linear;

 private:
  const std::vector<int64_t>* dims(const std::string& value) const {
    const auto found = values_.find(value);
    if (found == values_.end() || found->second.type != DataType::kFloat) return nullptr;
    return found->second.dims ? &*found->second.dims : nullptr;
  }

  // Notes the channels; false where they were known before or cannot be. Where inference does not
  // know the value's shape, `count` has to be known otherwise.
  bool note(const std::string& value, int64_t axis, std::optional<int64_t> count = std::nullopt) {
    if (const auto* sizes = dims(value)) {
      const auto rank = static_cast<int64_t>(sizes->size());
      if (-axis > rank) return false;
      const int64_t size = (*sizes)[static_cast<size_t>(rank + axis)];
      if (size >= 0) count = size;
    }
    if (!count || *count < 1) return false;
    const auto [found, fresh] = channels.emplace(value, Channels{axis, *count});
    if (!fresh && !(found->second == Channels{axis, *count})) banned_.insert(value);
    return fresh;
  }

  Status begin(int number) {
    ZP_ASSIGN_OR_RETURN(const auto op, match_linear_op(model_, graph_, index_, values_, number));
    if (!op) return {};
    const auto& node = graph_.node(number);
    const int64_t in = -1 - op->input_axis.from_end;
    const int64_t out = -1 - op->output_axis.from_end;
    note(node.input(0), in, op->in_channels);
    note(node.output(0), out, op->out_channels);
    const auto fits = [&](const std::string& value, int64_t axis, int64_t count) {
      const auto found = channels.find(value);
      return found != channels.end() && found->second == Channels{axis, count};
    };
    linear[static_cast<size_t>(number)] =
        fits(node.input(0), in, op->in_channels) && fits(node.output(0), out, op->out_channels);
    return {};
  }

  // The data inputs and outputs of a node that may pass channels on.
  std::vector<std::string> data(const onnx::NodeProto& node) const {
    std::vector<std::string> found;
    const bool all_inputs = is_one_of(node, {"Add", "Sum", "Max", "Concat"});
    const bool one_input =
        is_one_of(node, {"Relu", "LeakyRelu", "PRelu", "Clip", "MaxPool", "AveragePool",
                         "GlobalAveragePool", "GlobalMaxPool", "Resize", "Pad", "Identity"});
    if ((!all_inputs && !one_input) || node.output_size() == 0) return found;
    for (int k = 0; k < (all_inputs ? node.input_size() : 1); ++k) found.push_back(node.input(k));
    found.push_back(node.output(0));
    return found;
  }

  bool spread(int number) {
    const auto found = data(graph_.node(number));
    std::optional<int64_t> axis;
    for (const auto& value : found) {
      if (const auto known = channels.find(value); known != channels.end()) {
        axis = known->second.axis;
      }
    }
    if (!axis) return false;
    bool grows = false;
    for (const auto& value : found) {
      if (!index_.constant(value)) grows = note(value, *axis) || grows;
    }
    return grows;
  }

  // Whether the node commutes with factors of the channels along this axis.
  Result<bool> commutes(const onnx::NodeProto& node, const Channels& of) const {
    if (!dims(node.output(0))) return false;
    const auto rank = static_cast<int64_t>(dims(node.output(0))->size());
    if (is_one_of(node, {"Relu", "LeakyRelu", "Add", "Sum", "Max", "Identity"})) return true;
    if (is_op(node, "Concat")) {
      const int64_t axis = int_attribute(node, "axis", 0);
      return (axis < 0 ? axis : axis - rank) == of.axis;
    }
    if (is_op(node, "PRelu")) {
      const auto* slope = index_.constant(node.input(1));
      if (!slope) return false;
      ZP_ASSIGN_OR_RETURN(
          const auto slopes,
          channel_values(model_, *slope, {static_cast<int>(-1 - of.axis), static_cast<int>(rank)},
                         of.count));
      return slopes.has_value();
    }
    if (is_op(node, "Clip")) {
      if (node.input_size() < 2 || (node.input_size() > 2 && !node.input(2).empty())) return false;
      const auto* low = index_.constant(node.input(1));
      if (!low) return false;
      ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*low));
      return value.type() == DataType::kFloat && value.size() == 1 && value.as<float>()[0] == 0;
    }
    // The others work on what comes after [N, C].
    if (of.axis != 1 - rank) return false;
    if (is_op(node, "MaxPool")) return node.output_size() == 1;
    if (is_op(node, "Pad")) return pads_zeros(node);
    return true;
  }

  Result<bool> pads_zeros(const onnx::NodeProto& node) const {
    if (string_attribute(node, "mode", "constant") != "constant") return true;
    if (node.input_size() < 3 || node.input(2).empty()) return true;
    const auto* constant = index_.constant(node.input(2));
    if (!constant) return false;
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*constant));
    return value.type() == DataType::kFloat && value.size() == 1 && value.as<float>()[0] == 0;
  }

  bool have_one_shape(const std::string& a, const std::string& b) const {
    return dims(a) && dims(b) && *dims(a) == *dims(b);
  }

  Status join(int number) {
    const auto& node = graph_.node(number);
    const auto found = data(node);
    if (found.empty()) return {};
    const auto of = channels.find(found.back());
    if (of == channels.end()) return {};
    const bool concat = is_op(node, "Concat");
    const bool elementwise = is_one_of(node, {"Add", "Sum", "Max"});
    std::vector<ChannelPart> joined;
    int64_t first = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      const auto known = channels.find(found[i]);
      const bool output = i + 1 == found.size();
      if (known == channels.end() || known->second.axis != of->second.axis) return {};
      if (!concat && known->second.count != of->second.count) return {};
      // A value that is broadcast would need its factors in every place that it goes to.
      if (elementwise && !have_one_shape(found[i], found.back())) return {};
      joined.push_back({found[i], output ? 0 : first});
      if (concat && !output) first += known->second.count;
    }
    if (concat && first != of->second.count) return {};
    ZP_ASSIGN_OR_RETURN(const bool passes, commutes(node, of->second));
    if (passes) parts[static_cast<size_t>(number)] = std::move(joined);
    return {};
  }

  const Model& model_;
  const onnx::GraphProto& graph_;
  GraphIndex index_;
  const ValueInfos& values_;
  std::unordered_set<std::string> banned_;
};

}  // namespace

Result<ChannelFlow> ChannelFlow::of(const Model& model, const ValueInfos& values) {
  Flow flow(model, values);
  ZP_RETURN_IF_ERROR(flow.run());
  ChannelFlow result;
  result.channels_ = std::move(flow.channels);
  result.parts_ = std::move(flow.parts);
  result.linear_ = std::move(flow.linear);
  return result;
}

std::optional<Channels> ChannelFlow::channels(const std::string& value) const {
  const auto found = channels_.find(value);
  if (found == channels_.end()) return std::nullopt;
  return found->second;
}

}  // namespace zp
