#include "tests/conformance/onnx_file.h"

#include <fmt/format.h>

namespace zp::conformance {
namespace {

// Calls visit(Field) for every field of the message; its first error ends the reading.
template <class Visit>
Status for_each_field(Bytes message, Visit visit) {
  WireReader reader(message);
  while (true) {
    ZP_ASSIGN_OR_RETURN(const std::optional<Field> field, reader.next());
    if (!field) return {};
    ZP_RETURN_IF_ERROR(visit(*field));
  }
}

// read(bytes) of a field that is a message, its error prefixed with `what`.
template <class T, class Read>
Status append_message(const Field& field, std::string_view what, std::vector<T>& to, Read read) {
  ZP_ASSIGN_OR_RETURN(const Bytes bytes, message(field));
  auto value = read(bytes);
  if (!value) {
    return tl::unexpected<Error>(
        std::move(value).error().at(fmt::format("{} {}", what, to.size())));
  }
  to.push_back(*std::move(value));
  return {};
}

Status append_text(const Field& field, std::vector<std::string>& to) {
  ZP_ASSIGN_OR_RETURN(std::string value, text(field));
  to.push_back(std::move(value));
  return {};
}

template <class T>
Status assign(T& to, Result<T> value) {
  ZP_RETURN_IF_ERROR(value);
  to = *std::move(value);
  return {};
}

// A TensorProto as it lies in the file.
struct RawTensor {
  std::string name;
  std::vector<uint64_t> dims;
  int64_t data_type = 0;
  bool external = false;
  std::optional<Bytes> raw;
  std::vector<uint64_t> float_bits;
  std::vector<uint64_t> int32_values;
  std::vector<uint64_t> double_bits;
};

Result<RawTensor> read_raw_tensor(Bytes file) {
  RawTensor raw;
  const auto visit = [&](const Field& field) -> Status {
    switch (field.number) {
      case 1:
        return append_numbers(field, WireType::kVarint, raw.dims);
      case 2:
        return assign(raw.data_type, integer(field));
      case 4:
        return append_numbers(field, WireType::kFixed32, raw.float_bits);
      case 5:
        return append_numbers(field, WireType::kVarint, raw.int32_values);
      case 8:
        return assign(raw.name, text(field));
      case 9: {
        ZP_ASSIGN_OR_RETURN(raw.raw, message(field));
        return {};
      }
      case 10:
        return append_numbers(field, WireType::kFixed64, raw.double_bits);
      case 13:
      case 14:  // external_data, data_location
        raw.external = true;
        return {};
      default:
        return {};
    }
  };
  ZP_RETURN_IF_ERROR(for_each_field(file, visit));
  return raw;
}

// The elements of the fields for numbers as raw_data would have them. onnx.proto: float_data for
// float, double_data for double, int32_data for all others here, one entry an element, except that
// of 2- and 4-bit elements an entry holds the byte that raw_data would.
Result<std::vector<std::byte>> typed_bytes(const RawTensor& raw, ElementType type) {
  const std::vector<uint64_t>& numbers = type == ElementType::kFloat    ? raw.float_bits
                                         : type == ElementType::kDouble ? raw.double_bits
                                                                        : raw.int32_values;
  if (raw.float_bits.size() + raw.int32_values.size() + raw.double_bits.size() != numbers.size()) {
    return invalid_data(fmt::format("elements in a field that is not that of {}", name(type)));
  }
  const int width = std::max(bits(type), 8);
  std::vector<std::byte> bytes;
  for (const uint64_t number : numbers) {
    for (int shift = 0; shift < width; shift += 8) {
      bytes.push_back(static_cast<std::byte>(number >> shift));
    }
  }
  return bytes;
}

Result<OnnxTensor> tensor_of(const RawTensor& raw) {
  ZP_ASSIGN_OR_RETURN(const ElementType type, element_type(raw.data_type));
  ZP_ASSIGN_OR_RETURN(Shape shape,
                      Shape::make(std::vector<int64_t>(raw.dims.begin(), raw.dims.end())));
  if (raw.external) return invalid_data("elements outside the file: expected them inside");
  ZP_ASSIGN_OR_RETURN(std::vector<std::byte> bytes, typed_bytes(raw, type));
  if (raw.raw && !bytes.empty())
    return invalid_data("elements both in raw_data and in a typed field");
  if (raw.raw) bytes.assign(raw.raw->begin(), raw.raw->end());
  return OnnxTensor::make(type, std::move(shape), std::move(bytes));
}

Result<Attribute> read_attribute(Bytes file) {
  Attribute attribute;
  const auto visit = [&](const Field& field) -> Status {
    switch (field.number) {
      case 1:
        return assign(attribute.name, text(field));
      case 3:
        return assign(attribute.i, integer(field));
      case 4:
        return assign(attribute.s, text(field));
      case 5: {
        ZP_ASSIGN_OR_RETURN(const Bytes bytes, message(field));
        ZP_ASSIGN_OR_RETURN(NamedTensor tensor, read_tensor(bytes));
        attribute.t = std::move(tensor.tensor);
        return {};
      }
      default:
        return {};
    }
  };
  ZP_RETURN_IF_ERROR(for_each_field(file, visit));
  return attribute;
}

Result<Node> read_node(Bytes file) {
  Node node;
  const auto visit = [&](const Field& field) -> Status {
    switch (field.number) {
      case 1:
        return append_text(field, node.inputs);
      case 2:
        return append_text(field, node.outputs);
      case 4:
        return assign(node.op_type, text(field));
      case 5:
        return append_message(field, "attribute", node.attributes, read_attribute);
      case 7:
        return assign(node.domain, text(field));
      default:
        return {};
    }
  };
  ZP_RETURN_IF_ERROR(for_each_field(file, visit));
  return node;
}

// The name of a ValueInfoProto.
Result<std::string> read_value_name(Bytes file) {
  std::string value_name;
  ZP_RETURN_IF_ERROR(for_each_field(file, [&](const Field& field) -> Status {
    return field.number == 1 ? assign(value_name, text(field)) : Status();
  }));
  return value_name;
}

Status read_graph(Bytes file, Model& model) {
  return for_each_field(file, [&](const Field& field) -> Status {
    switch (field.number) {
      case 1:
        return append_message(field, "node", model.nodes, read_node);
      case 5:
        return append_message(field, "initializer", model.initializers, read_tensor);
      case 11:
        return append_message(field, "input", model.inputs, read_value_name);
      case 12:
        return append_message(field, "output", model.outputs, read_value_name);
      default:
        return {};
    }
  });
}

// Takes the version of ONNX's own operators out of an OperatorSetIdProto.
Status read_opset(Bytes file, int64_t& opset) {
  std::string domain;
  int64_t version = 0;
  ZP_RETURN_IF_ERROR(for_each_field(file, [&](const Field& field) -> Status {
    if (field.number == 1) return assign(domain, text(field));
    return field.number == 2 ? assign(version, integer(field)) : Status();
  }));
  if (domain.empty() || domain == "ai.onnx") opset = version;
  return {};
}

}  // namespace

Result<NamedTensor> read_tensor(Bytes file) {
  ZP_ASSIGN_OR_RETURN(RawTensor raw, read_raw_tensor(file));
  auto tensor = tensor_of(raw);
  if (!tensor) {
    return tl::unexpected<Error>(
        std::move(tensor).error().at(fmt::format("tensor \"{}\"", raw.name)));
  }
  return NamedTensor{std::move(raw.name), *std::move(tensor)};
}

Result<Model> read_model(Bytes file) {
  Model model;
  bool has_graph = false;
  ZP_RETURN_IF_ERROR(for_each_field(file, [&](const Field& field) -> Status {
    if (field.number != 7 && field.number != 8) return {};
    ZP_ASSIGN_OR_RETURN(const Bytes bytes, message(field));
    if (field.number == 8) return read_opset(bytes, model.opset);
    has_graph = true;
    return read_graph(bytes, model);
  }));
  if (!has_graph) return invalid_data("model without a graph");
  if (model.opset <= 0) return invalid_data("model without a version of ONNX's operators");
  return model;
}

std::vector<std::byte> write_tensor(const NamedTensor& tensor) {
  WireWriter writer;
  for (const int64_t dim : tensor.tensor.shape().dims()) {
    writer.varint_field(1, static_cast<uint64_t>(dim));
  }
  writer.varint_field(2, static_cast<uint64_t>(tensor.tensor.type()));
  writer.bytes_field(8, std::as_bytes(std::span(tensor.name)));
  writer.bytes_field(9, tensor.tensor.bytes());
  return writer.bytes();
}

}  // namespace zp::conformance
