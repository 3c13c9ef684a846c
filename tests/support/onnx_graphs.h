// Models out of texts, graphs told as text, and what every edit must leave valid.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/onnx_text.h"
#include "zeropoint/graph/check.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/values.h"

namespace zp {

// A model called "test.onnx" of this operator set, and of other domains where they are named
// (", \"local\" : 1"), with local functions behind the graph.
inline Model model_of(std::string_view graph, int opset = 13, std::string_view functions = {},
                      std::string_view domains = {}) {
  const auto proto = onnx_model(fmt::format("<ir_version: 8, opset_import: [\"\" : {}{}]> {} {}",
                                            opset, domains, graph, functions));
  auto model = Model::parse(proto.SerializeAsString(), "test.onnx");
  EXPECT_TRUE(model) << model.error().message;
  return *std::move(model);
}

// "y = Conv(x, w)" for each node. Names of values made by a pass are its own affair and tests name
// them only where they matter.
inline std::vector<std::string> nodes_of(const onnx::GraphProto& graph) {
  std::vector<std::string> nodes;
  for (const auto& node : graph.node()) {
    nodes.push_back(fmt::format("{} = {}({})", fmt::join(node.output(), ", "), node.op_type(),
                                fmt::join(node.input(), ", ")));
  }
  return nodes;
}

// The elements of a float initializer of the graph; empty where there is none of that name.
inline std::vector<float> floats_of(const onnx::GraphProto& graph, std::string_view name) {
  for (const auto& tensor : graph.initializer()) {
    if (tensor.name() == name) return to_floats(tensor_in_message(tensor).value()).value();
  }
  return {};
}

// What a pass must leave behind.
inline void expect_valid(const Model& model) {
  const auto structure = check_structure(model.proto());
  EXPECT_TRUE(structure) << structure.error().message;
  const auto checked = check_with_onnx(model);
  EXPECT_TRUE(checked) << checked.error().message;
}

}  // namespace zp
