#include "zeropoint/passes/rescale_channels.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/channel_flow.h"
#include "zeropoint/passes/linear_op.h"

namespace zp {
namespace {

// Node numbers stay valid while it runs: nodes are only appended, and sorted at the end.
class Rescaling {
 public:
  Rescaling(Model& model, const ValueInfos& values, ChannelFlow flow)
      : model_(model),
        values_(values),
        flow_(std::move(flow)),
        index_(model.graph()),
        names_(model.graph()) {}

  Status run(const std::vector<ChannelScales>& scales) {
    for (const auto& entry : scales) ZP_RETURN_IF_ERROR(take(entry));
    for (int i = 0; i < model_.graph().node_size(); ++i) {
      if (flow_.is_linear(i)) ZP_RETURN_IF_ERROR(change_weights(i));
      if (passes(i)) inside_.insert(i);
    }
    for (const auto& entry : scales) ZP_RETURN_IF_ERROR(rewire(entry));
    remove_unused(model_.graph());
    return sort_nodes(model_.graph());
  }

 private:
  static Status wrong(const ChannelScales& entry, const std::string& what) {
    return invalid_data(fmt::format("channel scales of tensor \"{}\": {}", entry.tensor, what));
  }

  Status take(const ChannelScales& entry) {
    const auto channels = flow_.channels(entry.tensor);
    if (!channels) return wrong(entry, "the model has no such tensor, or none with channels");
    if (channels->axis != entry.axis ||
        channels->count != static_cast<int64_t>(entry.scales.size())) {
      return wrong(entry,
                   fmt::format("{} along axis {} from the end; the tensor has {} along {}",
                               entry.scales.size(), entry.axis, channels->count, channels->axis));
    }
    for (const float scale : entry.scales) {
      if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(1 / scale)) {
        return wrong(entry, fmt::format("{} is no positive finite number", scale));
      }
    }
    if (!scales_.emplace(entry.tensor, &entry).second) return wrong(entry, "given twice");
    return {};
  }

  // nullptr where the tensor stays as it is.
  const std::vector<float>* scales_of(const std::string& tensor) const {
    const auto found = scales_.find(tensor);
    return found == scales_.end() ? nullptr : &found->second->scales;
  }

  // Whether the node goes on with the twins of all its values.
  bool passes(int number) const {
    const auto& parts = flow_.parts(number);
    if (parts.empty()) return false;
    const auto* whole = scales_of(parts.back().value);
    if (!whole) return false;
    return std::ranges::all_of(parts, [&](const ChannelPart& part) {
      const auto* own = scales_of(part.value);
      return own && std::equal(own->begin(), own->end(), whole->begin() + part.first);
    });
  }

  Status change_weights(int number) {
    const onnx::NodeProto node = model_.graph().node(number);
    const auto* in = scales_of(node.input(0));
    const auto* out = scales_of(node.output(0));
    if (!in && !out) return {};
    LinearChange change;
    if (in) change.in_scale.assign(in->begin(), in->end());
    if (out) {
      for (const float scale : *out) change.out_scale.push_back(1 / double{scale});
    }
    ZP_ASSIGN_OR_RETURN(const auto op,
                        match_linear_op(model_, model_.graph(), index_, values_, number));
    ZP_ASSIGN_OR_RETURN(const auto parameters,
                        changed_parameters(model_, model_.graph(), index_, *op, change));
    if (!parameters) {
      return invalid_data(
          fmt::format("{}: channel scales would make its weights infinite", describe(node)));
    }
    ZP_RETURN_IF_ERROR(set_parameters(model_, model_.graph(), index_, names_, *op, *parameters));
    inside_.insert(number);
    return {};
  }

  Result<std::string> add_factors(const ChannelScales& entry, bool inverse) {
    std::vector<float> factors = entry.scales;
    if (inverse) {
      for (float& factor : factors) factor = 1 / factor;
    }
    std::vector<int64_t> dims(static_cast<size_t>(-entry.axis), 1);
    dims[0] = static_cast<int64_t>(factors.size());
    ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make(dims));
    ZP_ASSIGN_OR_RETURN(const Tensor value, Tensor::of<float>(std::move(shape), factors));
    const std::string name =
        names_(entry.tensor + (inverse ? "_inverse_channel_scales" : "_channel_scales"));
    ZP_RETURN_IF_ERROR(model_.add_initializer(name, value));
    return name;
  }

  Status rewire(const ChannelScales& entry) {
    const std::string& tensor = entry.tensor;
    const std::string twin = rescaled_name(tensor);
    auto& graph = model_.graph();
    const int producer = index_.producer(tensor);
    const bool made_as_twin = producer >= 0 && inside_.contains(producer);
    bool whole_is_read = index_.is_graph_output(tensor);
    bool twin_is_read = false;
    for (const Use& use : index_.uses(tensor)) {
      const bool takes_twin = use.input != Use::kInBody && inside_.contains(use.node) &&
                              (use.input == 0 || !flow_.is_linear(use.node));
      if (takes_twin) graph.mutable_node(use.node)->set_input(use.input, twin);
      (takes_twin ? twin_is_read : whole_is_read) = true;
    }
    if (made_as_twin) {
      for (auto& output : *graph.mutable_node(producer)->mutable_output()) {
        if (output == tensor) output = twin;
      }
      if (!whole_is_read) return {};
      ZP_ASSIGN_OR_RETURN(const auto factors, add_factors(entry, /*inverse=*/false));
      add_node(graph, "Mul", names_(tensor + "_rescale"), {twin, factors}, {tensor});
    } else if (twin_is_read) {
      ZP_ASSIGN_OR_RETURN(const auto factors, add_factors(entry, /*inverse=*/true));
      add_node(graph, "Mul", names_(tensor + "_rescale"), {tensor, factors}, {twin});
    }
    return {};
  }

  Model& model_;
  const ValueInfos& values_;
  ChannelFlow flow_;
  GraphIndex index_;
  UniqueNames names_;
  std::unordered_map<std::string, const ChannelScales*> scales_;
  std::unordered_set<int> inside_;
};

}  // namespace

std::string rescaled_name(const std::string& tensor) { return tensor + "_rescaled"; }

Status rescale_channels(Model& model, const ValueInfos& values,
                        const std::vector<ChannelScales>& scales) {
  ZP_ASSIGN_OR_RETURN(auto flow, ChannelFlow::of(model, values));
  return Rescaling(model, values, std::move(flow)).run(scales);
}

}  // namespace zp
