#include "zeropoint/engine/model_values.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <functional>

namespace zp {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Field numbers of onnx.proto.
constexpr int kModelGraph = 7;
constexpr int kGraphNode = 1;
constexpr int kGraphInitializer = 5;
constexpr int kGraphInput = 11;
constexpr int kGraphOutput = 12;
constexpr int kGraphSparseInitializer = 15;
constexpr int kNodeOutput = 2;
constexpr int kTensorName = 8;
constexpr int kSparseTensorValues = 1;
constexpr int kValueInfoName = 1;

// Visits the fields of the message at hand up to its end. `visit` is told a field that has a length
// and returns whether it went well; it leaves alone what it does not want. Everything else is
// skipped.
using Visit = std::function<bool(int field, CodedInputStream&)>;

bool for_each_field(CodedInputStream& in, const Visit& visit) {
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    int length = 0;
    if (!in.ReadVarintSizeAsInt(&length)) return false;
    const auto limit = in.PushLimit(length);
    if (!visit(WireFormatLite::GetTagFieldNumber(tag), in)) return false;
    if (const int left = in.BytesUntilLimit(); left > 0 && !in.Skip(left)) return false;
    in.PopLimit(limit);
  }
  // A tag of 0 is the end of the message, or bytes that are no message.
  return in.ConsumedEntireMessage();
}

// The field's bytes as text.
bool read_text(CodedInputStream& in, std::string& text) {
  return in.ReadString(&text, in.BytesUntilLimit());
}

// Appends each text of a field, such as a node's outputs.
bool read_texts(CodedInputStream& in, int wanted, std::vector<std::string>& texts) {
  return for_each_field(in, [&](int field, CodedInputStream& nested) {
    return field != wanted || read_text(nested, texts.emplace_back());
  });
}

struct GraphNames {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> initializers;
  std::vector<std::string> node_outputs;
};

bool read_graph(CodedInputStream& in, GraphNames& names) {
  return for_each_field(in, [&](int field, CodedInputStream& nested) {
    switch (field) {
      case kGraphNode:
        return read_texts(nested, kNodeOutput, names.node_outputs);
      case kGraphInitializer:
        return read_texts(nested, kTensorName, names.initializers);
      case kGraphSparseInitializer:
        return for_each_field(nested, [&](int part, CodedInputStream& values) {
          return part != kSparseTensorValues || read_texts(values, kTensorName, names.initializers);
        });
      case kGraphInput:
        return read_texts(nested, kValueInfoName, names.inputs);
      case kGraphOutput:
        return read_texts(nested, kValueInfoName, names.outputs);
      default:
        return true;
    }
  });
}

}  // namespace

Result<ModelValues> read_model_values(google::protobuf::io::ZeroCopyInputStream& stream,
                                      uint64_t size) {
  if (size > INT32_MAX) {
    return invalid_data(
        "more than 2 GB in one file: expected the weights as external data beside the model");
  }
  CodedInputStream in(&stream);
  GraphNames names;
  bool has_graph = false;
  const bool whole = for_each_field(in, [&](int field, CodedInputStream& nested) {
    if (field != kModelGraph) return true;
    has_graph = true;
    return read_graph(nested, names);
  });
  // A file stream skips past the file's end without noticing: hence the look at the position.
  if (!whole || static_cast<uint64_t>(in.CurrentPosition()) != size) {
    return invalid_data("not an ONNX model, or one that is damaged or cut off");
  }
  if (!has_graph) return invalid_data("not an ONNX model: there is no graph in it");

  ModelValues values;
  const std::set<std::string> constants(names.initializers.begin(), names.initializers.end());
  values.all = constants;
  values.all.insert(names.inputs.begin(), names.inputs.end());
  values.all.insert(names.node_outputs.begin(), names.node_outputs.end());
  values.all.erase("");  // an optional output that a node leaves out
  for (std::string& input : names.inputs) {
    if (!constants.contains(input)) values.inputs.push_back(std::move(input));
  }
  values.outputs = std::move(names.outputs);
  return values;
}

}  // namespace zp
