// Element types and shapes of the values of a graph, as far as ONNX's shape inference knows them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

struct ValueInfo {
  DataType type = DataType::kUndefined;
  // -1 for a dimension that is not known; nothing where not even the rank is.
  std::optional<std::vector<int64_t>> dims;
};

// By the name of the value, for the main graph: inputs, outputs, initializers and what the nodes
// make.
using ValueInfos = std::unordered_map<std::string, ValueInfo>;

// Never fails on a model that check_with_onnx accepts; what inference cannot tell is left out.
Result<ValueInfos> infer_values(const Model& model);

// The same with these sizes for the inputs of these names, in place of what the model leaves open.
using InputDims = std::map<std::string, std::vector<int64_t>>;
Result<ValueInfos> infer_values(const Model& model, const InputDims& inputs);

// The two steps of infer_values, for a model that lies in one message: writes what shape inference
// finds into the model's value_infos, and reads those.
Status add_value_infos(onnx::ModelProto& model);
ValueInfos read_value_infos(const onnx::GraphProto& graph);

// Of a graph input or output as the model declares it.
ValueInfo declared(const onnx::ValueInfoProto& value);

}  // namespace zp
