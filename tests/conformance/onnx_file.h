// The parts of ONNX's files (onnx.proto) that the node tests need: tensors, and models of nodes
// with attributes. Fields that are not named here are skipped; damaged files are an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/wire.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp::conformance {

struct NamedTensor {
  std::string name;
  OnnxTensor tensor;
};

// AttributeProto, of which the fields in use are set.
struct Attribute {
  std::string name;
  int64_t i = 0;
  std::string s;
  std::optional<OnnxTensor> t;
};

struct Node {
  std::string op_type;
  std::string domain;                // "" for ONNX's own operators
  std::vector<std::string> inputs;   // "" where an optional one is absent
  std::vector<std::string> outputs;  // likewise
  std::vector<Attribute> attributes;
};

struct Model {
  int64_t opset = 0;  // of ONNX's own operators
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<Node> nodes;  // each after those whose outputs it takes
  std::vector<NamedTensor> initializers;
};

// A TensorProto, its elements in raw_data or in the field for numbers of its type.
// Errors: damaged bytes; an element type that element_type.h does not have; fewer or more elements
// than the shape asks for; elements in two places, or outside the file.
Result<NamedTensor> read_tensor(Bytes file);

// A ModelProto. Also an error: no graph, or no version of ONNX's own operators.
Result<Model> read_model(Bytes file);

// The TensorProto of a tensor, its elements in raw_data.
std::vector<std::byte> write_tensor(const NamedTensor& tensor);

}  // namespace zp::conformance
