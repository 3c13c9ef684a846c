#include "zeropoint/graph/model.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <fmt/format.h>
#include <cerrno>
#include <climits>
#include <utility>

#include "zeropoint/base/file.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// Stands for the spill file as a location of external data: no file can be called that.
const std::string kSpillLocation("\0spill", 6);

// Smaller tensors stay in the message: shapes, scales and the like, which editors look at.
constexpr size_t kSmallestSpilled = 4096;

// Older ones come from before ONNX's first release.
constexpr int64_t kOldestIr = 3;

// Whether its elements are there as they are and nothing is wrong with them, so that they need no
// copy.
bool holds_raw_data(const onnx::TensorProto& tensor) {
  if (!tensor.has_raw_data()) return false;
  const auto shape = shape_of(tensor);
  if (!shape) return false;
  const auto size = byte_size(static_cast<DataType>(tensor.data_type()), *shape);
  return size && *size == tensor.raw_data().size();
}

void silence_protobuf() {
  static google::protobuf::LogHandler* const previous = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(previous);
}

}  // namespace

Model::Model(std::unique_ptr<onnx::ModelProto> proto, std::string name,
             std::filesystem::path folder)
    : proto_(std::move(proto)), name_(std::move(name)), folder_(std::move(folder)) {}

Model::Model(const Model& other)
    : proto_(std::make_unique<onnx::ModelProto>(*other.proto_)),
      name_(other.name_),
      folder_(other.folder_),
      spill_(other.spill_) {}

Result<Model> Model::load(const std::filesystem::path& path) {
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return parse(text, path.string(), path.has_parent_path() ? path.parent_path() : ".");
}

Result<Model> Model::parse(std::string_view bytes, std::string name,
                           const std::filesystem::path& folder) {
  silence_protobuf();
  if (bytes.empty()) return invalid_data(name + ": the file is empty; expected an ONNX model");
  if (bytes.size() > INT_MAX) {
    return invalid_data(name +
                        ": larger than 2 GB; a model of that size keeps its weights in a file "
                        "beside it (external data)");
  }
  auto proto = std::make_unique<onnx::ModelProto>();
  if (!proto->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !proto->has_graph()) {
    return invalid_data(name + ": not an ONNX model, or damaged or cut off");
  }
  if (proto->ir_version() < kOldestIr) {
    return invalid_data(fmt::format("{}: IR version {}; expected {} or newer", name,
                                    proto->ir_version(), kOldestIr));
  }
  if (proto->opset_import_size() == 0) {
    return invalid_data(name + ": the model names no operator set (opset_import); is it damaged?");
  }
  Model model(std::move(proto), std::move(name), folder);
  Status status;
  for_each_tensor(std::as_const(*model.proto_), [&](const onnx::TensorProto& tensor) {
    if (!status || !is_external(tensor)) return;
    const auto data = ExternalData::of(tensor);
    if (!data) {
      status = tl::unexpected<Error>(data.error());
      return;
    }
    const auto file = model.folder_ / data->location;
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) {
      status = fail(ErrorCode::kIo, fmt::format("{}: the data of {} should lie in it: {}",
                                                file.string(), describe(tensor), error.message()));
    } else if (data->offset > size || data->length > size - data->offset) {
      status = invalid_data(fmt::format("{}: {} bytes; {} needs {} from byte {} on: cut off?",
                                        file.string(), size, describe(tensor), data->length,
                                        data->offset));
    }
  });
  if (!status) return tl::unexpected<Error>(std::move(status).error().at(model.name_));
  return model;
}

Status Model::read_data(const onnx::TensorProto& tensor,
                        const std::function<Status(std::span<const std::byte>)>& take) const {
  if (!is_external(tensor)) {
    if (holds_raw_data(tensor)) return take(std::as_bytes(std::span(tensor.raw_data())));
    ZP_ASSIGN_OR_RETURN(const Tensor value, tensor_in_message(tensor));
    return take(value.bytes());
  }
  // The spill file's offsets are our own: they need no check, and its location is no path.
  const bool spilled =
      tensor.external_data_size() > 0 && tensor.external_data(0).value() == kSpillLocation;
  if (spilled) {
    const size_t offset = std::stoull(tensor.external_data(1).value());
    const size_t length = std::stoull(tensor.external_data(2).value());
    return read_piecewise(spill_->descriptor(), spill_->folder(), offset, length, take);
  }
  ZP_ASSIGN_OR_RETURN(const ExternalData data, ExternalData::of(tensor));
  const auto file = folder_ / data.location;
  const FileDescriptor open(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!open.is_open()) return file_error(file, "open", errno);
  return read_piecewise(open.get(), file, data.offset, data.length, take);
}

Result<Tensor> Model::read(const onnx::TensorProto& tensor) const {
  if (!is_external(tensor)) return tensor_in_message(tensor);
  ZP_ASSIGN_OR_RETURN(Shape shape, shape_of(tensor));
  const auto type = static_cast<DataType>(tensor.data_type());
  std::vector<std::byte> bytes;
  ZP_ASSIGN_OR_RETURN(const size_t size, byte_size(type, shape));
  bytes.reserve(size);
  ZP_RETURN_IF_ERROR(read_data(tensor, [&](std::span<const std::byte> piece) -> Status {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  }));
  return Tensor::make(type, std::move(shape), std::move(bytes));
}

Status Model::write(onnx::TensorProto& tensor, const Tensor& value) {
  if (value.bytes().size() < kSmallestSpilled || !has_external_data()) {
    put_in_message(tensor, value);
    return {};
  }
  if (!spill_) {
    ZP_ASSIGN_OR_RETURN(auto file, SpillFile::create());
    spill_ = std::make_shared<SpillFile>(std::move(file));
  }
  ZP_ASSIGN_OR_RETURN(const size_t offset, spill_->append(value.bytes()));
  put_description(tensor, value);
  ExternalData{kSpillLocation, offset, value.bytes().size()}.write_to(tensor);
  return {};
}

Status Model::add_initializer(const std::string& tensor_name, const Tensor& value) {
  auto& tensor = *graph().add_initializer();
  tensor.set_name(tensor_name);
  return write(tensor, value);
}

bool Model::has_external_data() const {
  if (spill_) return true;
  bool found = false;
  for_each_tensor(proto(), [&](const onnx::TensorProto& tensor) { found |= is_external(tensor); });
  return found;
}

size_t Model::data_size() const {
  size_t size = 0;
  for_each_tensor(proto(), [&](const onnx::TensorProto& tensor) {
    const auto shape = shape_of(tensor);
    if (!shape) return;
    size += byte_size(static_cast<DataType>(tensor.data_type()), *shape).value_or(0);
  });
  return size;
}

Result<Hash128> Model::hash() const {
  Hasher hasher;
  std::string message;
  {
    // Without the places of external data, which change when a file is rewritten.
    onnx::ModelProto skeleton = proto();
    for_each_tensor(skeleton, [](onnx::TensorProto& tensor) {
      if (is_external(tensor)) tensor.clear_external_data();
    });
    google::protobuf::io::StringOutputStream stream(&message);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!skeleton.SerializeToCodedStream(&coded)) {
      return invalid_data(name_ + ": larger than one message may be (2 GB)");
    }
  }
  hasher.update(std::as_bytes(std::span(message)));
  Status status;
  for_each_tensor(proto(), [&](const onnx::TensorProto& tensor) {
    if (!status || !is_external(tensor)) return;
    status = read_data(tensor, [&](std::span<const std::byte> piece) -> Status {
      hasher.update(piece);
      return {};
    });
  });
  ZP_RETURN_IF_ERROR(status);
  return hasher.digest();
}

}  // namespace zp
