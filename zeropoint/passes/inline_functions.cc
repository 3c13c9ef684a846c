#include "zeropoint/passes/inline_functions.h"

#include <fmt/format.h>
#include <exception>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/passes/onnx_tools.h"

namespace zp {
namespace {

// Tries to inline all functions of `skeleton`; returns why not.
std::string try_inlining(onnx::ModelProto& skeleton, bool convert_version) {
  try {
    onnx::inliner::InlineLocalFunctions(skeleton, convert_version);
  } catch (const std::exception& error) {
    return onnx_reason(error);
  }
  return {};
}

}  // namespace

InlinedFunctions inline_functions(Model& model) {
  InlinedFunctions inlined;
  auto& proto = model.proto();
  const int before = proto.functions_size();
  if (before == 0) return inlined;
  // On a skeleton a failure leaves the model as it was, and the inliner's copies are cheap.
  onnx::ModelProto skeleton = skeleton_of(proto);
  inlined.note = try_inlining(skeleton, /*convert_version=*/true);
  if (!inlined.note.empty()) {
    // At least those that need no conversion.
    skeleton = skeleton_of(proto);
    const std::string reason = try_inlining(skeleton, /*convert_version=*/false);
    if (!reason.empty()) {
      inlined.note =
          fmt::format("{} local functions stay, ONNX's inliner says: {}", before, reason);
      return inlined;
    }
  }
  // The inliner does not bring along what only the functions import.
  for (const auto& function : proto.functions()) {
    for (const auto& opset : function.opset_import()) {
      if (opset_version(skeleton, opset.domain()) == 0) *skeleton.add_opset_import() = opset;
    }
  }
  restore_data(*proto.mutable_graph(), *skeleton.mutable_graph());
  auto& graph = *proto.mutable_graph();
  graph.mutable_node()->Swap(skeleton.mutable_graph()->mutable_node());
  graph.mutable_initializer()->Swap(skeleton.mutable_graph()->mutable_initializer());
  proto.mutable_functions()->Swap(skeleton.mutable_functions());
  proto.mutable_opset_import()->Swap(skeleton.mutable_opset_import());
  inlined.count = before - proto.functions_size();
  inlined.note.clear();
  if (proto.functions_size() > 0) {
    inlined.note = fmt::format(
        "{} local functions stay (\"{}\" first): their operator sets differ from the model's",
        proto.functions_size(), proto.functions(0).name());
  }
  return inlined;
}

}  // namespace zp
