#include "zeropoint/passes/linear_op.h"

#include <algorithm>
#include <cmath>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/passes/constant_values.h"

namespace zp {
namespace {

constexpr int kWeights = 1;
constexpr int kBias = 2;
constexpr int64_t kMostWeights = (int64_t{128} << 20) / int64_t{sizeof(float)};

std::optional<LinearKind> kind_of(const onnx::NodeProto& node) {
  if (is_op(node, "Conv")) return LinearKind::kConv;
  if (is_op(node, "ConvTranspose")) return LinearKind::kConvTranspose;
  if (is_op(node, "Gemm")) return LinearKind::kGemm;
  if (is_op(node, "MatMul")) return LinearKind::kMatMul;
  return std::nullopt;
}

// What the weights' dimensions and the attributes say. Returns whether they fit together.
bool read_layout(const onnx::NodeProto& node, const onnx::TensorProto& weights,
                 const ValueInfos& values, LinearOp& op) {
  const int rank = weights.dims_size();
  if (op.kind == LinearKind::kConv || op.kind == LinearKind::kConvTranspose) {
    if (rank < 3) return false;
    op.groups = int_attribute(node, "group", 1);
    for (int i = 2; i < rank; ++i) op.inner *= weights.dims(i);
    const bool forward = op.kind == LinearKind::kConv;
    op.out_channels = forward ? weights.dims(0) : weights.dims(1) * op.groups;
    op.in_channels = forward ? weights.dims(1) * op.groups : weights.dims(0);
    op.input_axis = op.output_axis = {rank - 2, rank};
    return op.groups > 0 && op.out_channels % op.groups == 0 && op.in_channels % op.groups == 0;
  }
  if (rank != 2) return false;
  if (op.kind == LinearKind::kGemm) {
    if (int_attribute(node, "transA", 0) != 0) return false;
    op.out_channel_first = int_attribute(node, "transB", 0) != 0;
    op.alpha = float_attribute(node, "alpha", 1);
    op.input_axis = op.output_axis = {0, 2};
  } else {
    const auto found = values.find(node.input(0));
    if (found != values.end() && found->second.dims) {
      op.input_axis.rank = op.output_axis.rank = static_cast<int>(found->second.dims->size());
    }
  }
  op.out_channels = weights.dims(op.out_channel_first ? 0 : 1);
  op.in_channels = weights.dims(op.out_channel_first ? 1 : 0);
  return true;
}

// Calls visit(element, output channel, input channel) for the weights in the order they lie in.
template <class Visit>
void for_each_weight(const LinearOp& op, const Visit& visit) {
  const int64_t outs = op.out_channels / op.groups;  // in a group
  const int64_t ins = op.in_channels / op.groups;
  size_t element = 0;
  switch (op.kind) {
    case LinearKind::kConv:
      for (int64_t out = 0; out < op.out_channels; ++out) {
        for (int64_t in = 0; in < ins; ++in) {
          for (int64_t k = 0; k < op.inner; ++k) visit(element++, out, out / outs * ins + in);
        }
      }
      return;
    case LinearKind::kConvTranspose:
      for (int64_t in = 0; in < op.in_channels; ++in) {
        for (int64_t out = 0; out < outs; ++out) {
          for (int64_t k = 0; k < op.inner; ++k) visit(element++, in / ins * outs + out, in);
        }
      }
      return;
    case LinearKind::kGemm:
    case LinearKind::kMatMul:
      const int64_t rows = op.out_channel_first ? op.out_channels : op.in_channels;
      const int64_t columns = op.out_channel_first ? op.in_channels : op.out_channels;
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
          visit(element++, op.out_channel_first ? row : column,
                op.out_channel_first ? column : row);
        }
      }
  }
}

double at(const std::vector<double>& values, int64_t channel, double absent) {
  return values.empty() ? absent : values[static_cast<size_t>(channel)];
}

// Whether they are other than "times 1". In an unchanged matrix no bit changes, and it need not be
// read.
bool changes_weights(const LinearOp& op, const LinearChange& change) {
  const auto is_one = [](double scale) { return scale == 1; };
  return op.alpha != 1 || !change.in_shift.empty() ||
         !std::ranges::all_of(change.in_scale, is_one) ||
         !std::ranges::all_of(change.out_scale, is_one);
}

// Puts the tensor into input number `input` of the node.
Status set_input(Model& model, onnx::GraphProto& graph, const GraphIndex& index, UniqueNames& names,
                 onnx::NodeProto& node, int input, const std::string& name, const Tensor& value) {
  if (has_input(node, input)) {
    const std::string& old = node.input(input);
    if (index.uses(old).size() == 1 && !index.is_graph_output(old)) {
      for (auto& tensor : *graph.mutable_initializer()) {
        if (tensor.name() == old) return model.write(tensor, value);
      }
    }
  }
  while (node.input_size() <= input) node.add_input();
  node.set_input(input, names(name));
  auto& tensor = *graph.add_initializer();
  tensor.set_name(node.input(input));
  return model.write(tensor, value);
}

}  // namespace

Result<std::optional<LinearOp>> match_linear_op(const Model& model, const onnx::GraphProto& graph,
                                                const GraphIndex& index, const ValueInfos& values,
                                                int number) {
  const auto& node = graph.node(number);
  const auto kind = kind_of(node);
  if (!kind || node.input_size() < 2) return std::nullopt;
  const auto* weights = index.constant(node.input(kWeights));
  if (!weights || weights->data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  LinearOp op;
  op.kind = *kind;
  op.node = number;
  if (!read_layout(node, *weights, values, op)) return std::nullopt;
  if (has_input(node, kBias)) {
    const auto* bias = index.constant(node.input(kBias));
    if (!bias) return std::nullopt;
    ZP_ASSIGN_OR_RETURN(
        auto channels,
        channel_values(model, *bias,
                       op.kind == LinearKind::kGemm ? op.output_axis : ChannelAxis{0, 1},
                       op.out_channels));
    if (!channels) return std::nullopt;
    op.bias = *std::move(channels);
    const double beta = op.kind == LinearKind::kGemm ? float_attribute(node, "beta", 1) : 1;
    for (double& element : op.bias) element *= beta;
  }
  return op;
}

Result<std::optional<LinearParameters>> changed_parameters(const Model& model,
                                                           const onnx::GraphProto& graph,
                                                           const GraphIndex& index,
                                                           const LinearOp& op,
                                                           const LinearChange& change) {
  LinearParameters changed;
  std::vector<double> bias = op.bias;
  bias.resize(static_cast<size_t>(op.out_channels));
  bool finite = true;
  if (changes_weights(op, change)) {
    const auto& tensor = *index.constant(graph.node(op.node).input(kWeights));
    if (op.out_channels * (op.in_channels / op.groups) * op.inner > kMostWeights) {
      return std::nullopt;
    }
    ZP_ASSIGN_OR_RETURN(changed.weights, model.read(tensor));
    const auto weights = changed.weights->as<float>();
    for_each_weight(op, [&](size_t element, int64_t out, int64_t in) {
      const double weight = op.alpha * weights[element];
      bias[static_cast<size_t>(out)] += weight * at(change.in_shift, in, 0);
      weights[element] =
          static_cast<float>(weight * at(change.in_scale, in, 1) * at(change.out_scale, out, 1));
      finite = finite && std::isfinite(weights[element]);
    });
  }
  for (int64_t out = 0; out < op.out_channels; ++out) {
    auto& element = bias[static_cast<size_t>(out)];
    element = element * at(change.out_scale, out, 1) + at(change.out_shift, out, 0);
    changed.bias.push_back(static_cast<float>(element));
    finite = finite && std::isfinite(changed.bias.back());
  }
  if (!finite) return std::nullopt;
  if (op.bias.empty() && std::ranges::all_of(changed.bias, [](float b) { return b == 0; })) {
    changed.bias.clear();
  }
  if (op.kind == LinearKind::kMatMul && !changed.bias.empty() && op.input_axis.rank != 2) {
    return std::nullopt;
  }
  return changed;
}

Status set_parameters(Model& model, onnx::GraphProto& graph, const GraphIndex& index,
                      UniqueNames& names, const LinearOp& op, const LinearParameters& parameters) {
  auto& node = *graph.mutable_node(op.node);
  // Before the weights' name may change.
  const std::string bias_name = node.input(kWeights) + "_bias";
  if (op.kind == LinearKind::kMatMul && !parameters.bias.empty()) node.set_op_type("Gemm");
  if (op.kind == LinearKind::kGemm) {
    remove_attribute(node, "alpha");
    remove_attribute(node, "beta");
  }
  if (parameters.weights) {
    ZP_RETURN_IF_ERROR(set_input(model, graph, index, names, node, kWeights, node.input(kWeights),
                                 *parameters.weights));
  }
  if (parameters.bias.empty()) return {};
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({op.out_channels}));
  ZP_ASSIGN_OR_RETURN(const Tensor bias, Tensor::of<float>(std::move(shape), parameters.bias));
  return set_input(model, graph, index, names, node, kBias, bias_name, bias);
}

}  // namespace zp
