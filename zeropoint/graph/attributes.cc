#include "zeropoint/graph/attributes.h"

namespace zp {
namespace {

const onnx::AttributeProto* find_typed(const onnx::NodeProto& node, std::string_view name,
                                       onnx::AttributeProto::AttributeType type) {
  const auto* found = find_attribute(node, name);
  return found && found->type() == type ? found : nullptr;
}

onnx::AttributeProto& fresh(onnx::NodeProto& node, std::string_view name,
                            onnx::AttributeProto::AttributeType type) {
  remove_attribute(node, name);
  auto& attribute = *node.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

}  // namespace

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, int64_t absent) {
  const auto* found = find_typed(node, name, onnx::AttributeProto::INT);
  return found ? found->i() : absent;
}

float float_attribute(const onnx::NodeProto& node, std::string_view name, float absent) {
  const auto* found = find_typed(node, name, onnx::AttributeProto::FLOAT);
  return found ? found->f() : absent;
}

std::string string_attribute(const onnx::NodeProto& node, std::string_view name,
                             std::string_view absent) {
  const auto* found = find_typed(node, name, onnx::AttributeProto::STRING);
  return found ? found->s() : std::string(absent);
}

std::optional<std::vector<int64_t>> ints_attribute(const onnx::NodeProto& node,
                                                   std::string_view name) {
  const auto* found = find_typed(node, name, onnx::AttributeProto::INTS);
  if (!found) return std::nullopt;
  return std::vector<int64_t>(found->ints().begin(), found->ints().end());
}

void set_attribute(onnx::NodeProto& node, std::string_view name, int64_t value) {
  fresh(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set_attribute(onnx::NodeProto& node, std::string_view name, float value) {
  fresh(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set_attribute(onnx::NodeProto& node, std::string_view name, std::string_view value) {
  fresh(node, name, onnx::AttributeProto::STRING).set_s(std::string(value));
}

void set_attribute(onnx::NodeProto& node, std::string_view name,
                   const std::vector<int64_t>& value) {
  auto& attribute = fresh(node, name, onnx::AttributeProto::INTS);
  for (const int64_t element : value) attribute.add_ints(element);
}

void remove_attribute(onnx::NodeProto& node, std::string_view name) {
  auto& attributes = *node.mutable_attribute();
  for (int i = attributes.size() - 1; i >= 0; --i) {
    if (attributes[i].name() == name) attributes.DeleteSubrange(i, 1);
  }
}

}  // namespace zp
