#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <cerrno>
#include <climits>
#include <utility>

#include "zeropoint/base/file.h"
#include "zeropoint/base/file_descriptor.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// Older ones come from before ONNX's first release.
constexpr int64_t kOldestIr = 3;
// External data up to this is taken into the message: shapes, axes and the like, which shape
// inference and passes look at.
constexpr size_t kSmallestOutside = 1024;

void silence_protobuf() {
  static google::protobuf::LogHandler* const previous = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(previous);
}

tl::unexpected<Error> too_large(const std::string& name) {
  return invalid_data(name +
                      ": larger than 2 GB; a model of that size keeps its weights in a file beside "
                      "it (external data)");
}

// The message out of the stream; nothing else about it is known to be right.
Result<std::unique_ptr<onnx::ModelProto>> parse_stream(
    google::protobuf::io::ZeroCopyInputStream& stream, const std::string& name) {
  silence_protobuf();
  auto proto = std::make_unique<onnx::ModelProto>();
  const bool parsed = proto->ParseFromZeroCopyStream(&stream);
  if (stream.ByteCount() == 0) {
    return invalid_data(name + ": the file is empty; expected an ONNX model");
  }
  if (!parsed || !proto->has_graph()) {
    return invalid_data(name + ": not an ONNX model, or damaged or cut off");
  }
  if (proto->ir_version() < kOldestIr) {
    return invalid_data(fmt::format("{}: IR version {}; expected {} or newer", name,
                                    proto->ir_version(), kOldestIr));
  }
  if (proto->opset_import_size() == 0) {
    return invalid_data(name + ": the model names no operator set (opset_import); is it damaged?");
  }
  return proto;
}

// Whether the file in `folder` holds all that the external tensor needs.
Status check_external(const onnx::TensorProto& tensor, const std::filesystem::path& folder) {
  ZP_ASSIGN_OR_RETURN(const ExternalData data, ExternalData::of(tensor));
  const auto file = folder / data.location;
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) {
    return fail(ErrorCode::kIo, fmt::format("{}: the data of {} should lie in it: {}",
                                            file.string(), describe(tensor), error.message()));
  }
  if (data.offset > size || data.length > size - data.offset) {
    return invalid_data(fmt::format("{}: {} bytes; {} needs {} from byte {} on: cut off?",
                                    file.string(), size, describe(tensor), data.length,
                                    data.offset));
  }
  return {};
}

}  // namespace

Result<Model> Model::load(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return file_error(path, "open", errno);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return file_error(path, "read", errno);
  if (status.st_size > INT_MAX) return too_large(path.string());
  google::protobuf::io::FileInputStream stream(file.get());
  auto proto = parse_stream(stream, path.string());
  if (stream.GetErrno() != 0) return file_error(path, "read", stream.GetErrno());
  if (!proto) return tl::unexpected<Error>(std::move(proto).error());
  return make(*std::move(proto), path.string(),
              path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

Result<Model> Model::parse(std::string_view bytes, std::string name,
                           const std::filesystem::path& folder) {
  if (bytes.size() > INT_MAX) return too_large(name);
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  ZP_ASSIGN_OR_RETURN(auto proto, parse_stream(stream, name));
  return make(std::move(proto), std::move(name), folder);
}

Result<Model> Model::make(std::unique_ptr<onnx::ModelProto> proto, std::string name,
                          std::filesystem::path folder) {
  Model model(std::move(proto), std::move(name), std::move(folder));
  Status status;
  for_each_tensor(*model.proto_, [&](onnx::TensorProto& tensor) {
    if (!status || !is_external(tensor)) return;
    status = check_external(tensor, model.folder_);
    if (!status || ExternalData::of(tensor)->length > kSmallestOutside) return;
    auto value = model.read(tensor);
    if (value) {
      put_in_message(tensor, *value);
    } else {
      status = tl::unexpected<Error>(std::move(value).error());
    }
  });
  if (!status) return tl::unexpected<Error>(std::move(status).error().at(model.name_));
  return model;
}

}  // namespace zp
