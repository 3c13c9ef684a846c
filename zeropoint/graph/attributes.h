// Reading and writing a node's attributes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/graph/proto.h"

namespace zp {

// The attribute, or nullptr where the node does not have it.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name);

// Its value, or `absent` where the node does not have it. One of another type counts as absent: the
// checker has refused such models.
int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, int64_t absent);
float float_attribute(const onnx::NodeProto& node, std::string_view name, float absent);
std::string string_attribute(const onnx::NodeProto& node, std::string_view name,
                             std::string_view absent);
// Nothing where the node does not have it.
std::optional<std::vector<int64_t>> ints_attribute(const onnx::NodeProto& node,
                                                   std::string_view name);

// Sets the attribute, replacing one of the same name.
void set_attribute(onnx::NodeProto& node, std::string_view name, int64_t value);
void set_attribute(onnx::NodeProto& node, std::string_view name, float value);
void set_attribute(onnx::NodeProto& node, std::string_view name, std::string_view value);
void set_attribute(onnx::NodeProto& node, std::string_view name, const std::vector<int64_t>& value);
void remove_attribute(onnx::NodeProto& node, std::string_view name);

}  // namespace zp
