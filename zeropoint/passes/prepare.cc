#include "zeropoint/passes/prepare.h"

#include <algorithm>
#include <functional>

#include "zeropoint/graph/check.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/graph/visit.h"
#include "zeropoint/passes/constants.h"
#include "zeropoint/passes/fold_affine_after.h"
#include "zeropoint/passes/fold_affine_before.h"
#include "zeropoint/passes/fold_constants.h"
#include "zeropoint/passes/fold_pad.h"
#include "zeropoint/passes/normalize.h"
#include "zeropoint/passes/remove_identities.h"

namespace zp {
namespace {

// A pass over one graph of the model.
using GraphPass = std::function<Result<int>(Model&, onnx::GraphProto&, const ValueInfos&)>;

// Runs the pass over the bodies inside the graph, innermost first, then over the graph. Inference
// tells of values of the main graph alone; in bodies a pass gets none.
Result<int> run_inside(Model& model, onnx::GraphProto& graph, const ValueInfos& values,
                       const GraphPass& pass) {
  int total = 0;
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) {
        ZP_ASSIGN_OR_RETURN(const int count, run_inside(model, *attribute.mutable_g(), {}, pass));
        total += count;
      }
      for (auto& body : *attribute.mutable_graphs()) {
        ZP_ASSIGN_OR_RETURN(const int count, run_inside(model, body, {}, pass));
        total += count;
      }
    }
  }
  ZP_ASSIGN_OR_RETURN(const int count, pass(model, graph, values));
  return total + count;
}

Result<int> run(Model& model, const ValueInfos& values, std::string_view name,
                const GraphPass& pass, PrepareReport& report) {
  ZP_ASSIGN_OR_RETURN(const int count, run_inside(model, model.graph(), values, pass));
  const auto known = std::ranges::find(report.passes, name, &PassCount::pass);
  if (known == report.passes.end()) {
    report.passes.push_back({name, count});
  } else {
    known->rewrites += count;
  }
  return count;
}

GraphPass without_values(Result<int> (*pass)(Model&, onnx::GraphProto&)) {
  return [pass](Model& model, onnx::GraphProto& graph, const ValueInfos&) {
    return pass(model, graph);
  };
}

// Folding a shape tells inference more shapes, which may be folded in turn.
Status fold_all_constants(Model& model, PrepareReport& report) {
  size_t growth_left = allowed_growth(model);
  const auto pass = [&](Model& m, onnx::GraphProto& graph, const ValueInfos& values) {
    return fold_constants(m, graph, values, growth_left);
  };
  int folded = 0;
  do {
    ZP_ASSIGN_OR_RETURN(const ValueInfos values, infer_values(model));
    ZP_ASSIGN_OR_RETURN(folded, run(model, values, "fold_constants", pass, report));
  } while (folded > 0);
  return {};
}

}  // namespace

Result<PrepareReport> prepare(Model& model, const PrepareOptions& options) {
  PrepareReport report;
  if (auto status = check_structure(model.proto()); !status) {
    return tl::unexpected<Error>(std::move(status).error().at(model.name()));
  }
  ZP_RETURN_IF_ERROR(sort_all_nodes(model));
  ZP_RETURN_IF_ERROR(check_with_onnx(model));

  report.inputs_made_constant = default_inputs_to_constants(model);
  raise_ir_version(model);
  report.functions = inline_functions(model);
  name_nodes(model);
  const auto constants = without_values(constants_to_initializers);
  ZP_RETURN_IF_ERROR(run(model, {}, "constants", constants, report));
  report.opset = raise_opset(model, options.min_opset);
  ZP_RETURN_IF_ERROR(run(model, {}, "constants", constants, report));
  raise_ir_version(model);

  ZP_RETURN_IF_ERROR(
      run(model, {}, "remove_identities", without_values(remove_identities), report));
  ZP_RETURN_IF_ERROR(fold_all_constants(model, report));
  ZP_RETURN_IF_ERROR(run(model, {}, "fold_pad", without_values(fold_pad), report));
  ZP_ASSIGN_OR_RETURN(const ValueInfos values, infer_values(model));
  ZP_RETURN_IF_ERROR(run(model, values, "fold_affine_after", fold_affine_after, report));
  ZP_RETURN_IF_ERROR(run(model, values, "fold_affine_before", fold_affine_before, report));

  for_each_graph(model.graph(), [](onnx::GraphProto& graph) { remove_unused(graph); });
  ZP_RETURN_IF_ERROR(sort_all_nodes(model));
  name_nodes(model);
  if (auto status = check_with_onnx(model); !status) {
    return tl::unexpected<Error>(std::move(status).error().at("after preparing the model"));
  }
  return report;
}

}  // namespace zp
