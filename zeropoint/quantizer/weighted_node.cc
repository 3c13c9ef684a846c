#include "zeropoint/quantizer/weighted_node.h"

#include <fmt/format.h>
#include <algorithm>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

bool is_convolution(const onnx::NodeProto& node) {
  return is_op(node, "Conv") || is_op(node, "ConvTranspose");
}

std::optional<std::string> why_not_gemm(const onnx::NodeProto& node) {
  if (float_attribute(node, "alpha", 1) != 1) return "its alpha is not 1";
  if (node.input_size() > 2 && float_attribute(node, "beta", 1) != 1) return "its beta is not 1";
  if (int_attribute(node, "transA", 0) != 0) return "its data are transposed (transA)";
  return std::nullopt;
}

std::optional<std::string> why_not_bias(const onnx::NodeProto& node, const GraphIndex& index,
                                        int64_t channels) {
  if (node.input_size() < 3 || node.input(2).empty()) return std::nullopt;
  const auto* bias = index.constant(node.input(2));
  if (!bias) return "its bias is computed";
  int64_t elements = 1;
  for (const int64_t dim : bias->dims()) elements *= dim;
  const bool along_channels = elements == channels && !bias->dims().empty() &&
                              bias->dims(bias->dims_size() - 1) == channels;
  if (elements != 1 && !along_channels) return "its bias differs between rows";
  return std::nullopt;
}

std::optional<std::string> why_not_channels(const onnx::NodeProto& node,
                                            const onnx::TensorProto& weight, const Target& target) {
  if (!is_convolution(node)) return std::nullopt;
  if (weight.dims_size() < 3) return "its weight has no kernel dimensions";
  const int64_t groups = int_attribute(node, "group", 1);
  if (is_op(node, "ConvTranspose") && groups != 1) return "a ConvTranspose in groups";
  const int64_t out = weight.dims(is_op(node, "ConvTranspose") ? 1 : 0);
  const int64_t in = weight.dims(is_op(node, "ConvTranspose") ? 0 : 1) * groups;
  if (std::min(in, out) < target.least_conv_channels) {
    return fmt::format("{} to {} channels: target {} is faster in float below {}", in, out,
                       target.name, target.least_conv_channels);
  }
  return std::nullopt;
}

}  // namespace

bool is_weighted(const onnx::NodeProto& node) {
  return is_convolution(node) || is_op(node, "Gemm") || is_op(node, "MatMul");
}

int64_t output_axis(const onnx::NodeProto& node) {
  if (is_op(node, "Conv")) return 0;
  if (is_op(node, "Gemm")) return int_attribute(node, "transB", 0) != 0 ? 0 : 1;
  return 1;
}

int64_t data_channel_axis(const onnx::NodeProto& node) { return is_convolution(node) ? 1 : -1; }

std::optional<std::string> why_not_weighted(const onnx::NodeProto& node, const GraphIndex& index,
                                            const ValueInfos& values, const Target& target) {
  if (node.input_size() < 2) return "it has no weight";
  const auto* weight = index.constant(node.input(1));
  if (!weight) return "its weight is computed: a product of two activations";
  if (index.constant(node.input(0))) return "its data are constant";
  const auto data = values.find(node.input(0));
  if (data == values.end() || data->second.type != DataType::kFloat ||
      weight->data_type() != onnx::TensorProto::FLOAT) {
    return "its data or weights are not float32";
  }
  if (!is_convolution(node) && weight->dims_size() != 2) {
    return fmt::format("its weight has {} dimensions, not 2", weight->dims_size());
  }
  if (is_op(node, "Gemm")) {
    if (auto reason = why_not_gemm(node)) return reason;
  }
  if (auto reason = why_not_channels(node, *weight, target)) return reason;
  const int64_t channels = weight->dims(static_cast<int>(output_axis(node)));
  return why_not_bias(node, index, channels);
}

std::vector<bool> nodes_before_log(const onnx::GraphProto& graph, const GraphIndex& index) {
  std::vector<bool> before(static_cast<size_t>(graph.node_size()));
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const auto leads = [&](const std::string& output) {
      return std::ranges::any_of(index.uses(output), [&](const Use& use) {
        return is_op(graph.node(use.node), "Log") || before[static_cast<size_t>(use.node)];
      });
    };
    before[static_cast<size_t>(i)] = std::ranges::any_of(graph.node(i).output(), leads);
  }
  int64_t weighted = 0;
  int64_t front = 0;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!is_weighted(graph.node(i))) continue;
    ++weighted;
    front += before[static_cast<size_t>(i)] ? 1 : 0;
  }
  if (front * 2 > weighted) std::fill(before.begin(), before.end(), false);
  return before;
}

}  // namespace zp
