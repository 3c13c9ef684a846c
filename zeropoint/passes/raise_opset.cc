#include "zeropoint/passes/raise_opset.h"

#include <fmt/format.h>
#include <exception>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/check.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/graph/visit.h"
#include "zeropoint/passes/onnx_tools.h"
#include "zeropoint/passes/opset_repairs.h"

namespace zp {
namespace {

// A copy of the model at `target`, without weights.
Result<onnx::ModelProto> convert(const onnx::ModelProto& proto, int64_t target) {
  onnx::ModelProto skeleton = skeleton_of(proto);
  // The converter asks for ranks; where they are unknown it takes them for 0.
  ZP_RETURN_IF_ERROR(add_value_infos(skeleton));
  const ValueInfos values = read_value_infos(skeleton.graph());
  if (auto reason = unconvertible(skeleton, values, target)) return invalid_data(*reason);
  repair_before(skeleton, values);
  onnx::ModelProto converted;
  try {
    converted = onnx::version_conversion::ConvertVersion(skeleton, static_cast<int>(target));
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("ONNX's version converter: {}", onnx_reason(error)));
  }
  repair_after(converted, values, opset_version(proto));
  return converted;
}

bool same_names(const auto& a, const auto& b) {
  if (a.size() != b.size()) return false;
  for (int i = 0; i < a.size(); ++i) {
    if (a[i].name() != b[i].name()) return false;
  }
  return true;
}

// Puts back what the converter does not know of.
void restore_fields(const onnx::GraphProto& from, onnx::GraphProto& to) {
  to.set_name(from.name());
  *to.mutable_input() = from.input();
  *to.mutable_output() = from.output();
  *to.mutable_quantization_annotation() = from.quantization_annotation();
  *to.mutable_metadata_props() = from.metadata_props();
  *to.mutable_sparse_initializer() = from.sparse_initializer();
  std::unordered_map<std::string, const onnx::NodeProto*> nodes;
  std::unordered_set<std::string> described;
  for_each_graph(from, [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) nodes.emplace(node.name(), &node);
    for (const auto& value : graph.value_info()) described.insert(value.name());
  });
  for_each_graph(to, [&](onnx::GraphProto& graph) {
    for (auto& node : *graph.mutable_node()) {
      const auto found = nodes.find(node.name());
      if (node.name().empty() || found == nodes.end()) continue;
      *node.mutable_metadata_props() = found->second->metadata_props();
      *node.mutable_device_configurations() = found->second->device_configurations();
    }
    // What inference added to help the converter.
    google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
    for (auto& value : *graph.mutable_value_info()) {
      if (described.contains(value.name())) kept.Add()->Swap(&value);
    }
    graph.mutable_value_info()->Swap(&kept);
  });
}

// Brings the model to `target`, or leaves it as it is and says why.
Status raise_to(Model& model, int64_t target) {
  auto& proto = model.proto();
  ZP_ASSIGN_OR_RETURN(onnx::ModelProto converted, convert(proto, target));
  if (!same_names(proto.graph().input(), converted.graph().input()) ||
      !same_names(proto.graph().output(), converted.graph().output())) {
    return invalid_data("ONNX's version converter renames inputs or outputs");
  }
  restore_fields(proto.graph(), *converted.mutable_graph());
  restore_data(*proto.mutable_graph(), *converted.mutable_graph());
  proto.mutable_graph()->Swap(converted.mutable_graph());
  proto.mutable_opset_import()->Swap(converted.mutable_opset_import());
  Status checked = check_structure(proto);
  if (checked) checked = check_with_onnx(model);
  if (checked) return {};
  proto.mutable_graph()->Swap(converted.mutable_graph());
  proto.mutable_opset_import()->Swap(converted.mutable_opset_import());
  restore_data(*converted.mutable_graph(), *proto.mutable_graph());
  return invalid_data("what ONNX's version converter made is not valid: " +
                      checked.error().message);
}

}  // namespace

RaisedOpset raise_opset(Model& model, int64_t wanted) {
  RaisedOpset raised;
  raised.before = raised.after = opset_version(model.proto());
  if (raised.before >= wanted) return raised;
  std::string reason;
  if (raised.before == 0) {
    reason = "the model imports no operator set of ONNX's own";
  } else if (model.proto().functions_size() > 0) {
    reason = "it has local functions, which the converter would drop";
  } else if (model.graph().sparse_initializer_size() > 0) {
    reason = "it has sparse initializers, which the converter would drop";
  } else {
    for (int64_t target = wanted; target > raised.before; --target) {
      const Status status = raise_to(model, target);
      if (status) {
        raised.after = target;
        break;
      }
      if (reason.empty()) reason = status.error().message;
    }
  }
  if (raised.after < wanted) {
    raised.note = fmt::format("operator set {} instead of {}: {}", raised.after, wanted, reason);
  }
  return raised;
}

}  // namespace zp
