#include "zeropoint/targets/fusion_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor.h"

namespace zp {
namespace {

// Operators that no runtime computes while it loads the model, though all of their inputs are
// known; DequantizeLinear stays because it says that a weight is quantized.
constexpr std::array<std::string_view, 12> kNeverConstant = {"DequantizeLinear",
                                                             "If",
                                                             "Loop",
                                                             "Scan",
                                                             "RandomNormal",
                                                             "RandomUniform",
                                                             "Bernoulli",
                                                             "Multinomial",
                                                             "RandomNormalLike",
                                                             "SequenceMap",
                                                             "Optional",
                                                             "RandomUniformLike"};

bool may_be_constant(const FusionNode& node) {
  return node.op.find('.') == std::string::npos &&
         std::ranges::find(kNeverConstant, node.op) == kNeverConstant.end();
}

bool is_quantizer_op(const onnx::NodeProto& node) {
  return node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear";
}

// The tensor of this name: an initializer, or the value of a Constant node.
const onnx::TensorProto* find_tensor(const onnx::GraphProto& graph, const GraphIndex& index,
                                     const std::string& value) {
  if (const auto* tensor = index.constant(value)) return tensor;
  const int producer = index.producer(value);
  if (producer < 0 || !is_op(graph.node(producer), "Constant")) return nullptr;
  const auto* attribute = find_attribute(graph.node(producer), "value");
  return attribute && attribute->has_t() ? &attribute->t() : nullptr;
}

DataType code_type_without_zero_point(const onnx::NodeProto& node, const ValueInfos& infos) {
  if (node.op_type() == "QuantizeLinear") {
    const int64_t type = int_attribute(node, "output_dtype", 0);
    return type > 0 && is_known_data_type(static_cast<int32_t>(type)) ? static_cast<DataType>(type)
                                                                      : DataType::kUint8;
  }
  const auto found = infos.find(node.input(0));
  return found == infos.end() ? DataType::kUndefined : found->second.type;
}

Result<Quantizer> read_quantizer(const Model& model, const GraphIndex& index,
                                 const onnx::NodeProto& node, const ValueInfos& infos) {
  Quantizer quantizer;
  quantizer.axis = int_attribute(node, "axis", 1);
  quantizer.block_size = int_attribute(node, "block_size", 0);
  const bool has_zero_point = node.input_size() > 2 && !node.input(2).empty();
  const auto* scale =
      node.input_size() > 1 ? find_tensor(model.graph(), index, node.input(1)) : nullptr;
  const auto* zero_point =
      has_zero_point ? find_tensor(model.graph(), index, node.input(2)) : nullptr;
  quantizer.type = code_type_without_zero_point(node, infos);
  if (zero_point) quantizer.type = static_cast<DataType>(zero_point->data_type());
  quantizer.is_constant = scale && (zero_point || !has_zero_point);
  if (!quantizer.is_constant) return quantizer;
  ZP_ASSIGN_OR_RETURN(const Tensor scales, model.read(*scale));
  ZP_ASSIGN_OR_RETURN(quantizer.scales, to_floats(scales));
  if (!zero_point) return quantizer;
  ZP_ASSIGN_OR_RETURN(const Tensor zero_points, model.read(*zero_point));
  // Zero points of float8 and float4 are floats; they count as 0, which ONNX requires of them.
  if (auto codes = to_integers(zero_points)) {
    quantizer.zero_points = std::move(*codes);
  } else {
    quantizer.zero_points.assign(static_cast<size_t>(zero_points.size()), 0);
  }
  return quantizer;
}

// One limit of a Clip: an attribute up to opset 10, an optional input later. Nothing where it is
// not known before the model runs.
Result<std::optional<float>> clip_limit(const Model& model, const GraphIndex& index,
                                        const onnx::NodeProto& node, int input,
                                        std::string_view attribute, float absent) {
  if (find_attribute(node, attribute)) return float_attribute(node, attribute, absent);
  if (node.input_size() <= input || node.input(input).empty()) return absent;
  const auto* tensor = find_tensor(model.graph(), index, node.input(input));
  if (!tensor) return std::nullopt;
  ZP_ASSIGN_OR_RETURN(const Tensor value, model.read(*tensor));
  const auto floats = to_floats(value);  // limits of integers are of no interest
  if (!floats || floats->size() != 1) return std::nullopt;
  return (*floats)[0];
}

Result<std::optional<std::pair<float, float>>> clip_limits(const Model& model,
                                                           const GraphIndex& index,
                                                           const onnx::NodeProto& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  ZP_ASSIGN_OR_RETURN(const auto low, clip_limit(model, index, node, 1, "min", -kInfinity));
  ZP_ASSIGN_OR_RETURN(const auto high, clip_limit(model, index, node, 2, "max", kInfinity));
  if (!low || !high) return std::nullopt;
  return std::pair(*low, *high);
}

// The node as it stands in the model.
Result<FusionNode> read_node(const Model& model, const GraphIndex& index, const ValueInfos& infos,
                             int number) {
  const auto& from = model.graph().node(number);
  FusionNode node;
  node.sources = {number};
  const bool own_domain = from.domain().empty() || from.domain() == "ai.onnx";
  node.op =
      own_domain || is_quantizer_op(from) ? from.op_type() : from.domain() + "." + from.op_type();
  node.proto = &from;
  node.inputs.assign(from.input().begin(), from.input().end());
  node.outputs.assign(from.output().begin(), from.output().end());
  if (is_quantizer_op(from)) {
    ZP_ASSIGN_OR_RETURN(Quantizer quantizer, read_quantizer(model, index, from, infos));
    node.quantizer = std::make_shared<const Quantizer>(std::move(quantizer));
  }
  if (node.is("Clip")) {
    ZP_ASSIGN_OR_RETURN(node.clip_limits, clip_limits(model, index, from));
  }
  return node;
}

}  // namespace

bool Quantizer::is_zero_point_0() const {
  return is_constant && std::ranges::all_of(zero_points, [](int32_t code) { return code == 0; });
}

std::pair<int32_t, int32_t> code_limits(DataType type) {
  const int width = std::min(bits(type), 16);
  const bool is_signed = type == DataType::kInt2 || type == DataType::kInt4 ||
                         type == DataType::kInt8 || type == DataType::kInt16;
  if (is_signed) return {-(1 << (width - 1)), (1 << (width - 1)) - 1};
  return {0, (1 << width) - 1};
}

bool is_8_bit(DataType type) { return type == DataType::kInt8 || type == DataType::kUint8; }

Result<FusionGraph> FusionGraph::of(const Model& model) {
  FusionGraph graph;
  graph.model_ = &model;
  const auto& proto = model.graph();
  const GraphIndex index(proto);
  ZP_ASSIGN_OR_RETURN(graph.infos_, infer_values(model));
  graph.opset_ = opset_version(model.proto());
  for (const auto& tensor : proto.initializer()) {
    if (index.constant(tensor.name())) graph.constants_.insert(tensor.name());
  }
  for (const auto& output : proto.output()) graph.outputs_.insert(output.name());
  for (int i = 0; i < proto.node_size(); ++i) {
    const auto& from = proto.node(i);
    auto node = read_node(model, index, graph.infos_, i);
    if (!node) {
      return tl::unexpected(std::move(node).error().at(model.name() + ": " + describe(from)));
    }
    graph.add_node(std::move(*node));
    for (const auto& value : captured_values(from)) graph.readers_[value].push_back({i, -1});
  }
  auto order = topological_order(proto);
  if (!order) return tl::unexpected(std::move(order).error().at(model.name()));
  graph.order_ = std::move(*order);
  graph.find_constants();
  return graph;
}

void FusionGraph::find_constants() {
  for (const int number : order_) {
    const FusionNode& node = nodes_[static_cast<size_t>(number)];
    const bool known = std::ranges::all_of(
        node.inputs, [&](const auto& value) { return value.empty() || is_constant(value); });
    bool computed = may_be_constant(node) && known;
    if (node.is("Shape") || node.is("Size")) {
      const auto shape = dims(node.inputs[0]);
      computed |= shape && std::ranges::find(*shape, -1) == shape->end();
    }
    if (computed) constants_.insert(node.outputs.begin(), node.outputs.end());
  }
}

int FusionGraph::producer(const std::string& value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? -1 : found->second;
}

const FusionNode* FusionGraph::dequantize_of(const std::string& value) const {
  const int number = producer(value);
  return number >= 0 && node(number).is_dequantize() ? &node(number) : nullptr;
}

const FusionNode* FusionGraph::quantize_of(const std::string& value) const {
  const int number = producer(value);
  return number >= 0 && node(number).is_quantize() ? &node(number) : nullptr;
}

const std::vector<FusionUse>& FusionGraph::readers(const std::string& value) const {
  static const std::vector<FusionUse> kNone;
  const auto found = readers_.find(value);
  return found == readers_.end() ? kNone : found->second;
}

std::optional<FusionUse> FusionGraph::only_use(const std::string& value) const {
  const auto& uses = readers(value);
  if (is_output(value) || uses.size() != 1 || uses[0].input < 0) return std::nullopt;
  return uses[0];
}

DataType FusionGraph::type(const std::string& value) const {
  const auto found = infos_.find(value);
  return found == infos_.end() ? DataType::kUndefined : found->second.type;
}

bool FusionGraph::is_float(const std::string& value) const {
  switch (type(value)) {
    case DataType::kUndefined:
    case DataType::kFloat:
    case DataType::kFloat16:
    case DataType::kBfloat16:
    case DataType::kDouble:
      return true;
    default:
      return false;
  }
}

std::optional<std::vector<float>> FusionGraph::floats(const std::string& value) const {
  if (!is_constant(value)) return std::nullopt;
  const auto& graph = model_->graph();
  const auto tensor = std::ranges::find(graph.initializer(), value, &onnx::TensorProto::name);
  const onnx::TensorProto* found = tensor == graph.initializer().end() ? nullptr : &*tensor;
  const int maker = producer(value);
  if (!found && maker >= 0 && node(maker).is("Constant")) {
    const auto* attribute = find_attribute(*node(maker).proto, "value");
    if (attribute && attribute->has_t()) found = &attribute->t();
  }
  if (!found) return std::nullopt;
  const auto read = model_->read(*found);
  if (!read) return std::nullopt;
  auto floats = to_floats(*read);
  return floats ? std::optional(std::move(*floats)) : std::nullopt;
}

std::optional<std::vector<int64_t>> FusionGraph::dims(const std::string& value) const {
  const auto found = infos_.find(value);
  return found == infos_.end() ? std::nullopt : found->second.dims;
}

int FusionGraph::add_node(FusionNode node) {
  const int number = static_cast<int>(nodes_.size());
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!node.inputs[i].empty()) {
      readers_[node.inputs[i]].push_back({number, static_cast<int>(i)});
    }
  }
  for (const auto& output : node.outputs) producers_[output] = number;
  nodes_.push_back(std::move(node));
  return number;
}

int FusionGraph::add_inserted(std::string op, std::vector<std::string> inputs, std::string output,
                              std::shared_ptr<const Quantizer> quantizer) {
  FusionNode inserted;
  inserted.op = std::move(op);
  inserted.inputs = std::move(inputs);
  inserted.outputs = {std::move(output)};
  inserted.quantizer = std::move(quantizer);
  return add_node(std::move(inserted));
}

void FusionGraph::remove_node(int number) {
  FusionNode& node = nodes_[static_cast<size_t>(number)];
  node.removed = true;
  for (const auto& input : node.inputs) {
    std::erase_if(readers_[input], [&](const FusionUse& use) { return use.node == number; });
  }
  for (const auto& output : node.outputs) {
    if (producer(output) == number) producers_.erase(output);
  }
}

void FusionGraph::set_input(int number, int input, const std::string& value) {
  std::string& slot = nodes_[static_cast<size_t>(number)].inputs[static_cast<size_t>(input)];
  std::erase_if(readers_[slot],
                [&](const FusionUse& use) { return use.node == number && use.input == input; });
  slot = value;
  readers_[value].push_back({number, input});
}

void FusionGraph::set_output(int number, int output, const std::string& value) {
  std::string& slot = nodes_[static_cast<size_t>(number)].outputs[static_cast<size_t>(output)];
  if (producer(slot) == number) producers_.erase(slot);
  slot = value;
  producers_[value] = number;
}

void FusionGraph::set_quantizer(int number, Quantizer quantizer) {
  nodes_[static_cast<size_t>(number)].quantizer =
      std::make_shared<const Quantizer>(std::move(quantizer));
}

void FusionGraph::set_sources(int number, std::vector<int> sources) {
  nodes_[static_cast<size_t>(number)].sources = std::move(sources);
}

bool FusionGraph::drop(int number) {
  const std::string from = node(number).outputs[0];
  const std::string to = node(number).inputs[0];
  const auto in_body = [](const FusionUse& use) { return use.input < 0; };
  if (std::ranges::any_of(readers(from), in_body)) return false;
  if (is_output(from)) {
    const int maker = producer(to);
    if (maker < 0 || is_output(to) || readers(to).size() != 1 || !readers(from).empty()) {
      return false;
    }
    const auto& outputs = node(maker).outputs;
    const auto slot = std::ranges::find(outputs, to) - outputs.begin();
    remove_node(number);
    set_output(maker, static_cast<int>(slot), from);
    return true;
  }
  const std::vector<FusionUse> uses = readers(from);
  remove_node(number);
  for (const auto& use : uses) set_input(use.node, use.input, to);
  return true;
}

std::string FusionGraph::new_value(const std::string& like) {
  std::string value = fmt::format("\x01{}", ++new_values_);
  if (const auto found = infos_.find(like); found != infos_.end()) {
    const ValueInfo& info = found->second;
    infos_.emplace(value, info);
  }
  return value;
}

}  // namespace zp
