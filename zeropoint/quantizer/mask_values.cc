#include "zeropoint/quantizer/mask_values.h"

#include <algorithm>
#include <array>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/numerics/range.h"

namespace zp {
namespace {

constexpr double kVeryLow = -50;
constexpr double kSoftmaxReach = 16;  // exp(-16) is 1.1e-7
// Adds between a mask and its Softmax: the mask, and a bias of positions.
constexpr int kMostAdds = 3;

// The finite values above those that mask, and whether some do. Two values are of different kinds
// where the gap between them is at least this wide.
struct Unmasked {
  Range range;
  bool has_mask = false;
};

std::optional<Unmasked> unmasked(const Observer& observer, double gap) {
  const std::vector<Bucket> buckets = observer.buckets();
  if (buckets.empty()) return std::nullopt;
  Unmasked found;
  found.has_mask = observer.extremes().negative_infinity > 0;
  size_t first = 0;
  for (size_t i = 0; i + 1 < buckets.size() && buckets[i].high <= kVeryLow; ++i) {
    if (buckets[i + 1].low - buckets[i].high >= gap) first = i + 1;
  }
  found.has_mask = found.has_mask || first > 0;
  found.range = {first == 0 ? observer.extremes().min : buckets[first].low,
                 observer.extremes().max};
  return found;
}

class Ways {
 public:
  Ways(const onnx::GraphProto& graph, const GraphIndex& index, const Target& target,
       const FindObserver& find)
      : graph_(graph), index_(index), target_(target), find_(find) {}

  // The widths of what is added to the tensor on its way to Softmax, the largest sum; nothing where
  // it also goes elsewhere.
  std::optional<double> added_width(const std::string& tensor, int adds = 0) const {
    if (index_.is_graph_output(tensor) || index_.uses(tensor).empty()) return std::nullopt;
    double width = 0;
    for (const Use& use : index_.uses(tensor)) {
      if (use.input == Use::kInBody) return std::nullopt;
      const auto way = width_through(graph_.node(use.node), use.input, adds);
      if (!way) return std::nullopt;
      width = std::max(width, *way);
    }
    return width;
  }

 private:
  std::optional<double> width_through(const onnx::NodeProto& node, int input, int adds) const {
    if (is_op(node, "Softmax")) return 0;
    if (keeps_values(node) && input == 0) return added_width(node.output(0), adds);
    if (!is_op(node, "Add") || node.input_size() != 2 || adds == kMostAdds) return std::nullopt;
    const Observer* other = find_(node.input(1 - input));
    const auto values = other ? unmasked(*other, kSoftmaxReach) : std::nullopt;
    if (!values) return std::nullopt;
    const auto rest = added_width(node.output(0), adds + 1);
    if (!rest) return std::nullopt;
    return values->range.width() + *rest;
  }

  bool keeps_values(const onnx::NodeProto& node) const {
    const auto role = target_.ops.find(node.op_type());
    return is_op(node, "Expand") || (role != target_.ops.end() && node.domain().empty() &&
                                     role->second == OpRole::kKeepsValues);
  }

  const onnx::GraphProto& graph_;
  const GraphIndex& index_;
  const Target& target_;
  const FindObserver& find_;
};

}  // namespace

std::optional<double> mask_bound(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const Target& target, const std::string& tensor,
                                 const FindObserver& find) {
  const Observer* own = find(tensor);
  if (!own) return std::nullopt;
  const auto width = Ways(graph, index, target, find).added_width(tensor);
  if (!width) return std::nullopt;
  const auto values = unmasked(*own, *width + kSoftmaxReach);
  if (!values || !values->has_mask) return std::nullopt;
  return values->range.min - *width - kSoftmaxReach;
}

std::vector<std::string> added_before_softmax(const onnx::GraphProto& graph,
                                              const GraphIndex& index, const Target& target,
                                              const std::string& tensor) {
  std::vector<std::string> added;
  const Observer zeros = [] {
    Observer observer;
    (void)observer.observe(std::array{0.0F});
    return observer;
  }();
  const FindObserver note = [&](const std::string& value) {
    added.push_back(value);
    return &zeros;
  };
  if (!Ways(graph, index, target, note).added_width(tensor)) return {};
  return added;
}

}  // namespace zp
