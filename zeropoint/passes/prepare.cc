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
#include "zeropoint/passes/fold_gemm_factors.h"
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

// The steps so far, and what is to be called after each.
struct Steps {
  Model& model;
  const PrepareOptions& options;
  PrepareReport& report;

  Status done(std::string_view name) const {
    return options.after_step ? options.after_step(name, model) : Status();
  }

  // Runs a pass over all graphs and counts what it did.
  Result<int> run(std::string_view name, const GraphPass& pass, const ValueInfos& values = {}) {
    ZP_ASSIGN_OR_RETURN(const int count, run_inside(model, model.graph(), values, pass));
    const auto known = std::ranges::find(report.passes, name, &PassCount::pass);
    if (known == report.passes.end()) {
      report.passes.push_back({name, count});
    } else {
      known->rewrites += count;
    }
    ZP_RETURN_IF_ERROR(done(name));
    return count;
  }

  Result<int> run(std::string_view name, Result<int> (*pass)(Model&, onnx::GraphProto&)) {
    return run(name, [pass](Model& m, onnx::GraphProto& graph, const ValueInfos&) {
      return pass(m, graph);
    });
  }
};

// Order, names and constants; inlined and at the operator set that was asked for.
Status normalize(Steps& steps) {
  Model& model = steps.model;
  steps.report.inputs_made_constant = default_inputs_to_constants(model);
  raise_ir_version(model);
  ZP_RETURN_IF_ERROR(steps.done("default_inputs"));
  steps.report.functions = inline_functions(model);
  name_nodes(model);
  ZP_RETURN_IF_ERROR(steps.done("inline_functions"));
  ZP_RETURN_IF_ERROR(steps.run("constants", constants_to_initializers));
  steps.report.opset = raise_opset(model, steps.options.min_opset);
  raise_ir_version(model);
  ZP_RETURN_IF_ERROR(steps.done("raise_opset"));
  // The converter makes some.
  ZP_RETURN_IF_ERROR(steps.run("constants", constants_to_initializers));
  return {};
}

// Folding a shape tells inference more shapes, which may be folded in turn.
Status fold_all_constants(Steps& steps) {
  size_t growth_left = allowed_growth(steps.model);
  const auto pass = [&](Model& model, onnx::GraphProto& graph, const ValueInfos& values) {
    return fold_constants(model, graph, values, growth_left);
  };
  int folded = 0;
  do {
    ZP_ASSIGN_OR_RETURN(const ValueInfos values, infer_values(steps.model));
    ZP_ASSIGN_OR_RETURN(folded, steps.run("fold_constants", pass, values));
  } while (folded > 0);
  return {};
}

}  // namespace

Result<PrepareReport> prepare(Model& model, const PrepareOptions& options) {
  if (auto status = check_structure(model.proto()); !status) {
    return tl::unexpected<Error>(std::move(status).error().at(model.name()));
  }
  ZP_RETURN_IF_ERROR(sort_all_nodes(model));
  describe_outputs(model);
  ZP_RETURN_IF_ERROR(check_with_onnx(model));

  PrepareReport report;
  Steps steps{model, options, report};
  ZP_RETURN_IF_ERROR(normalize(steps));
  ZP_RETURN_IF_ERROR(steps.run("remove_identities", remove_identities));
  ZP_RETURN_IF_ERROR(fold_all_constants(steps));
  ZP_RETURN_IF_ERROR(steps.run("fold_pad", fold_pad));
  ZP_ASSIGN_OR_RETURN(const ValueInfos values, infer_values(model));
  ZP_RETURN_IF_ERROR(steps.run("fold_affine_after", fold_affine_after, values));
  ZP_RETURN_IF_ERROR(steps.run("fold_affine_before", fold_affine_before, values));
  ZP_RETURN_IF_ERROR(steps.run("fold_gemm_factors", fold_gemm_factors));

  for_each_graph(model.graph(), [](onnx::GraphProto& graph) { remove_unused(graph); });
  ZP_RETURN_IF_ERROR(sort_all_nodes(model));
  name_nodes(model);
  if (auto status = check_with_onnx(model); !status) {
    return tl::unexpected<Error>(std::move(status).error().at("after preparing the model"));
  }
  return report;
}

}  // namespace zp
