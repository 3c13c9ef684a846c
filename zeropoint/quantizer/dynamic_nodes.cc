#include "zeropoint/quantizer/dynamic_nodes.h"

#include <array>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/quantizer/weight_codes.h"
#include "zeropoint/quantizer/weight_forms.h"
#include "zeropoint/quantizer/weight_source.h"

namespace zp {
namespace {

// LSTM of com.microsoft: B, sequence_lens, initial_h, initial_c and P keep the places that they
// have in ONNX's LSTM; the parameters of W and R follow.
constexpr int kLstmInputs = 8;

Result<Tensor> filled(const Tensor& codes, Shape shape) {
  const bool is_unsigned = codes.type() == DataType::kUint8;
  std::vector<std::byte> bytes(static_cast<size_t>(shape.element_count()),
                               std::byte{is_unsigned ? uint8_t{128} : uint8_t{0}});
  return Tensor::make(codes.type(), std::move(shape), std::move(bytes));
}

std::string input_or_none(const onnx::NodeProto& node, int input) {
  return input < node.input_size() ? node.input(input) : std::string();
}

}  // namespace

Result<std::string> DynamicWriter::constant(onnx::GraphProto& graph, const std::string& name,
                                            const Tensor& value) {
  bytes_ += value.bytes().size();
  return add_constant(model_, graph, names_, name, value);
}

Result<DynamicWriter::Codes> DynamicWriter::add_codes(const Weight& weight,
                                                      const DynamicWeight& quantized,
                                                      const Tensor& codes) {
  Codes added;
  added.scales = quantized.scales;
  ZP_ASSIGN_OR_RETURN(added.codes, constant(*weight.graph, weight.name + "_quantized", codes));
  ZP_ASSIGN_OR_RETURN(const Tensor zero_point, filled(codes, Shape()));
  ZP_ASSIGN_OR_RETURN(added.zero_point,
                      constant(*weight.graph, weight.name + "_zero_point", zero_point));
  return added;
}

Result<const DynamicWriter::Codes*> DynamicWriter::matrix(const NodeWeight& right) {
  const Weight& weight = *right.weight;
  const bool in_rows = right.use->channels_in_rows();
  const auto [place, is_new] = codes_.try_emplace({&weight, in_rows});
  if (!is_new) return &place->second;
  ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*weight.tensor));
  ZP_ASSIGN_OR_RETURN(DynamicWeight quantized,
                      dynamic_matrix(value, "tensor \"" + weight.name + "\"",
                                     in_rows ? Channels::kFirst : Channels::kLast, options_));
  if (in_rows) {
    ZP_ASSIGN_OR_RETURN(quantized.codes, swap_last_axes(quantized.codes));
  }
  ZP_ASSIGN_OR_RETURN(place->second, add_codes(weight, quantized, quantized.codes));
  return &place->second;
}

Result<const DynamicWriter::Codes*> DynamicWriter::filters(const NodeWeight& of) {
  const Weight& weight = *of.weight;
  const auto [place, is_new] = codes_.try_emplace({&weight, false});
  if (!is_new) return &place->second;
  ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*weight.tensor));
  ZP_ASSIGN_OR_RETURN(const DynamicWeight quantized,
                      dynamic_filters(value, "tensor \"" + weight.name + "\"", options_));
  ZP_ASSIGN_OR_RETURN(place->second, add_codes(weight, quantized, quantized.codes));
  return &place->second;
}

const DynamicWriter::Activation& DynamicWriter::activation(onnx::GraphProto& graph,
                                                           const std::string& value) {
  const auto [place, is_new] = activations_.try_emplace({&graph, value});
  auto& made = place->second;
  if (is_new) {
    made = {names_(value + "_quantized"), names_(value + "_scale"), names_(value + "_zero_point")};
    add_node(graph, "DynamicQuantizeLinear", names_(value + "_DynamicQuantizeLinear"), {value},
             {made.codes, made.scale, made.zero_point});
  }
  return made;
}

Status DynamicWriter::scale_sums(onnx::GraphProto& graph, const std::string& sums,
                                 const std::string& input_scale, const std::vector<float>& scales,
                                 const std::vector<int64_t>& scales_dims,
                                 const std::string& output) {
  ZP_ASSIGN_OR_RETURN(Shape shape,
                      Shape::make(scales.size() == 1 ? std::vector<int64_t>{} : scales_dims));
  ZP_ASSIGN_OR_RETURN(const Tensor value, Tensor::of<float>(std::move(shape), scales));
  ZP_ASSIGN_OR_RETURN(const std::string weight_scale,
                      constant(graph, output + "_weight_scale", value));
  const std::string real = names_(output + "_sums_cast");
  auto& cast = add_node(graph, "Cast", names_(real + "_node"), {sums}, {real});
  set_attribute(cast, "to", int64_t{onnx::TensorProto::FLOAT});
  const std::string scale = names_(output + "_scales");
  add_node(graph, "Mul", names_(scale + "_node"), {input_scale, weight_scale}, {scale});
  add_node(graph, "Mul", names_(output + "_scaled"), {real, scale}, {output});
  return {};
}

Status DynamicWriter::write_matmul(const NodeWeight& right) {
  auto& node = *right.use->node;
  auto& graph = *right.use->graph;
  ZP_ASSIGN_OR_RETURN(const Codes* codes, matrix(right));
  const bool gemm = right.use->role == WeightRole::kGemmRight;
  std::vector<float> scales = codes->scales;
  const float alpha = gemm ? float_attribute(node, "alpha", 1) : 1;
  for (float& scale : scales) scale *= alpha;
  const std::string bias = gemm ? input_or_none(node, 2) : std::string();
  const std::string output = node.output(0);
  const Activation& data = activation(graph, node.input(0));
  const std::string sums = names_(output + "_sums");
  node.set_op_type("MatMulInteger");
  node.clear_attribute();
  node.clear_input();
  for (const auto& input : {data.codes, codes->codes, data.zero_point, codes->zero_point}) {
    node.add_input(input);
  }
  node.set_output(0, sums);
  const auto channels = static_cast<int64_t>(scales.size());
  const std::string product = bias.empty() ? output : names_(output + "_product");
  ZP_RETURN_IF_ERROR(scale_sums(graph, sums, data.scale, scales, {channels}, product));
  if (!bias.empty()) {
    add_node(graph, "Add", names_(output + "_bias"), {product, bias}, {output});
  }
  return {};
}

Status DynamicWriter::write_conv(const NodeWeight& filters_of) {
  auto& node = *filters_of.use->node;
  auto& graph = *filters_of.use->graph;
  ZP_ASSIGN_OR_RETURN(const Codes* codes, filters(filters_of));
  const std::string bias = input_or_none(node, 2);
  const std::string output = node.output(0);
  const Activation& data = activation(graph, node.input(0));
  const std::string sums = names_(output + "_sums");
  node.set_op_type("ConvInteger");
  node.clear_input();
  for (const auto& input : {data.codes, codes->codes, data.zero_point, codes->zero_point}) {
    node.add_input(input);
  }
  node.set_output(0, sums);
  // One a channel: the channels are axis 1 of the output.
  std::vector<int64_t> dims(static_cast<size_t>(filters_of.weight->tensor->dims_size()), 1);
  dims[1] = static_cast<int64_t>(codes->scales.size());
  const std::string product = bias.empty() ? output : names_(output + "_product");
  ZP_RETURN_IF_ERROR(scale_sums(graph, sums, data.scale, codes->scales, dims, product));
  if (bias.empty()) return {};
  dims[1] = -1;
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({static_cast<int64_t>(dims.size())}));
  ZP_ASSIGN_OR_RETURN(const Tensor value, Tensor::of<int64_t>(std::move(shape), dims));
  ZP_ASSIGN_OR_RETURN(const std::string target, constant(graph, output + "_bias_shape", value));
  const std::string reshaped = names_(output + "_bias_reshaped");
  add_node(graph, "Reshape", names_(reshaped + "_node"), {bias, target}, {reshaped});
  add_node(graph, "Add", names_(output + "_bias"), {product, reshaped}, {output});
  return {};
}

Result<DynamicWriter::Recurrent> DynamicWriter::recurrent(const NodeWeight& of) {
  const Weight& weight = *of.weight;
  ZP_ASSIGN_OR_RETURN(Tensor value, model_.read(*weight.tensor));
  const std::vector<int64_t> dims(value.shape().dims().begin(), value.shape().dims().end());
  // The rows of all directions under one another are the channels.
  ZP_ASSIGN_OR_RETURN(Shape rows, Shape::make({dims[0] * dims[1], dims[2]}));
  ZP_ASSIGN_OR_RETURN(const Tensor matrix,
                      std::move(value).viewed_as(DataType::kFloat, std::move(rows)));
  ZP_ASSIGN_OR_RETURN(
      DynamicWeight quantized,
      dynamic_matrix(matrix, "tensor \"" + weight.name + "\"", Channels::kFirst, options_));
  ZP_ASSIGN_OR_RETURN(Shape stored, Shape::make(dims));
  const DataType type = quantized.codes.type();
  ZP_ASSIGN_OR_RETURN(quantized.codes,
                      std::move(quantized.codes).viewed_as(type, std::move(stored)));
  ZP_ASSIGN_OR_RETURN(const Tensor codes, swap_last_axes(quantized.codes));
  // One scale for everything is one for each direction.
  if (quantized.scales.size() == 1) {
    quantized.scales.resize(static_cast<size_t>(dims[0]), quantized.scales[0]);
  }
  const auto count = static_cast<int64_t>(quantized.scales.size());
  ZP_ASSIGN_OR_RETURN(
      const Shape shape,
      Shape::make(count == dims[0] ? std::vector{count} : std::vector{dims[0], count / dims[0]}));
  ZP_ASSIGN_OR_RETURN(const Tensor scales, Tensor::of<float>(shape, quantized.scales));
  ZP_ASSIGN_OR_RETURN(const Tensor zero_points, filled(codes, shape));
  Recurrent made;
  ZP_ASSIGN_OR_RETURN(made.codes, constant(*weight.graph, weight.name + "_quantized", codes));
  ZP_ASSIGN_OR_RETURN(made.scales, constant(*weight.graph, weight.name + "_scale", scales));
  ZP_ASSIGN_OR_RETURN(made.zero_points,
                      constant(*weight.graph, weight.name + "_zero_point", zero_points));
  return made;
}

Status DynamicWriter::write_lstm(const NodeWeight& input, const NodeWeight& recurrence) {
  auto& node = *input.use->node;
  ZP_ASSIGN_OR_RETURN(const Recurrent w, recurrent(input));
  ZP_ASSIGN_OR_RETURN(const Recurrent r, recurrent(recurrence));
  node.set_op_type("DynamicQuantizeLSTM");
  node.set_domain("com.microsoft");
  remove_attribute(node, "layout");
  node.set_input(1, w.codes);
  node.set_input(2, r.codes);
  while (node.input_size() < kLstmInputs) node.add_input("");
  for (const auto& name : {w.scales, w.zero_points, r.scales, r.zero_points}) node.add_input(name);
  return {};
}

}  // namespace zp
