#include "zeropoint/passes/normalize.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/graph/visit.h"

namespace zp {

Status sort_all_nodes(Model& model) {
  Status status;
  for_each_graph(model.graph(), [&](onnx::GraphProto& graph) {
    if (status) status = sort_nodes(graph);
  });
  return status;
}

void describe_outputs(Model& model) {
  const auto has_shape = [](const onnx::ValueInfoProto& value) {
    return !value.type().has_tensor_type() || value.type().tensor_type().has_shape();
  };
  if (std::ranges::all_of(model.graph().output(), has_shape)) return;
  onnx::ModelProto skeleton = skeleton_of(model.proto());
  if (!add_value_infos(skeleton)) return;  // the checker says what is wrong
  for (int i = 0; i < model.graph().output_size(); ++i) {
    auto& output = *model.graph().mutable_output(i);
    const auto& inferred = skeleton.graph().output(i);
    if (!has_shape(output) && has_shape(inferred)) *output.mutable_type() = inferred.type();
  }
}

void name_nodes(Model& model) {
  std::unordered_set<std::string> given;
  for_each_graph(std::as_const(model).graph(), [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) given.insert(node.name());
  });
  std::unordered_set<std::string> used;
  for_each_graph(model.graph(), [&](onnx::GraphProto& graph) {
    for (auto& node : *graph.mutable_node()) {
      if (!node.name().empty() && used.insert(node.name()).second) continue;
      std::string wanted = node.name();
      if (wanted.empty()) {
        const auto first =
            std::ranges::find_if(node.output(), [](const auto& name) { return !name.empty(); });
        wanted = node.op_type() + "_" + (first == node.output().end() ? "" : *first);
      }
      std::string name = wanted;
      for (int i = 1; given.contains(name); ++i) name = wanted + "_" + std::to_string(i);
      given.insert(name);
      used.insert(name);
      node.set_name(name);
    }
  });
}

void raise_ir_version(Model& model) {
  // The table of releases in ONNX's docs/Versioning.md.
  const int64_t opset = opset_version(model.proto());
  const int64_t ir = opset >= 21 ? 10 : opset >= 19 ? 9 : 8;
  model.proto().set_ir_version(std::max(model.proto().ir_version(), ir));
}

}  // namespace zp
