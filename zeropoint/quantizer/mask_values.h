// Values that stand for "never": -1e9, -infinity, the lowest float, added to what a Softmax reads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/targets/target.h"

namespace zp {

// What was observed of a value or holds of a constant; nullptr where nothing is known.
using FindObserver = std::function<const Observer*(const std::string&)>;

// The bound below which the values of a tensor may count as that bound, where
//
//   every reader of the tensor leads to Softmax through Adds and operators that keep values, and
//   some values are so low that they mask: -infinity, or below -50 and with a gap to the others
//   that Softmax cannot look across.
//
// With r the lowest of the other values and w the widths of what is added on the way, summed (the
// largest sum over the ways), the bound is r - w - 16: whatever is added, a masked value stays 16
// below every other one of its row, and Softmax gives it less than exp(-16) = 1.1e-7 times the
// weight of each of them, less than a step of 16 bits. Nothing where no values mask, or where
// something added was not observed.
std::optional<double> mask_bound(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const Target& target, const std::string& tensor,
                                 const FindObserver& find);

// What mask_bound has to know of other values: those that are added on the way from the tensor to
// Softmax. Empty where the tensor also goes elsewhere.
std::vector<std::string> added_before_softmax(const onnx::GraphProto& graph,
                                              const GraphIndex& index, const Target& target,
                                              const std::string& tensor);

}  // namespace zp
