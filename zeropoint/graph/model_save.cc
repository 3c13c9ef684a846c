#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <fmt/format.h>
#include <climits>
#include <unordered_set>
#include <utility>

#include "zeropoint/base/atomic_file.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// Data that goes beside the model begins at multiples of this, so that a runtime can map it.
constexpr size_t kAlignment = 4096;
// What a model without external data may weigh as one message; the rest is room for the graph.
constexpr size_t kLargestMessage = size_t{1900} << 20;
// Tensors below this stay in the message even where others lie beside it, as ONNX's tools do it.
constexpr size_t kSmallestBeside = 1024;

Result<std::string> serialize_message(const onnx::ModelProto& proto, const std::string& name) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!proto.SerializeToCodedStream(&coded) || coded.HadError()) {
      return invalid_data(name + ": larger than one message may be (2 GB)");
    }
  }
  if (bytes.size() > INT_MAX) return invalid_data(name + ": larger than 2 GB");
  return bytes;
}

}  // namespace

Result<std::string> Model::serialize() const {
  if (!has_external_data()) return serialize_message(proto(), name_);
  if (data_size() > kLargestMessage) {
    return invalid_data(name_ + ": its weights are too many for one message (2 GB)");
  }
  onnx::ModelProto whole = proto();
  Status status;
  for_each_tensor(whole, [&](onnx::TensorProto& tensor) {
    if (!status || !is_external(tensor)) return;
    const auto value = read(tensor);
    if (value) {
      put_in_message(tensor, *value);
    } else {
      status = tl::unexpected<Error>(value.error());
    }
  });
  ZP_RETURN_IF_ERROR(status);
  return serialize_message(whole, name_);
}

Status Model::save(const std::filesystem::path& path) const {
  if (!has_external_data() && data_size() <= kLargestMessage) {
    ZP_ASSIGN_OR_RETURN(const std::string bytes, serialize());
    return write_file(path, std::as_bytes(std::span(bytes)));
  }
  std::filesystem::path data_path = path;
  data_path += ".data";
  ZP_ASSIGN_OR_RETURN(AtomicFile data_file, AtomicFile::create(data_path));
  onnx::ModelProto skeleton = proto();
  // Runtimes look for data beside the model for initializers; what an attribute holds stays there.
  std::unordered_set<const onnx::TensorProto*> initializers;
  for_each_graph(std::as_const(skeleton).graph(), [&](const onnx::GraphProto& graph) {
    for (const auto& tensor : graph.initializer()) initializers.insert(&tensor);
  });
  size_t position = 0;
  Status status;
  for_each_tensor(skeleton, [&](onnx::TensorProto& tensor) {
    if (!status) return;
    const auto type = static_cast<DataType>(tensor.data_type());
    const auto shape = shape_of(tensor);
    const size_t size = shape ? byte_size(type, *shape).value_or(0) : 0;
    const bool goes = size >= kSmallestBeside && initializers.contains(&tensor);
    if (!is_external(tensor) && !goes) return;
    const size_t begin = (position + kAlignment - 1) / kAlignment * kAlignment;
    status = data_file.write(std::vector<std::byte>(begin - position));
    position = begin;
    if (!status) return;
    status = read_data(tensor, [&](std::span<const std::byte> piece) {
      position += piece.size();
      return data_file.write(piece);
    });
    clear_data(tensor);
    ExternalData{data_path.filename().string(), begin, size}.write_to(tensor);
  });
  ZP_RETURN_IF_ERROR(status);
  ZP_ASSIGN_OR_RETURN(const std::string bytes, serialize_message(skeleton, path.string()));
  ZP_ASSIGN_OR_RETURN(AtomicFile model_file, AtomicFile::create(path));
  ZP_RETURN_IF_ERROR(model_file.write(std::as_bytes(std::span(bytes))));
  ZP_RETURN_IF_ERROR(data_file.commit());
  return model_file.commit();
}

}  // namespace zp
