#include "zeropoint/graph/model.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <fmt/format.h>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "zeropoint/base/file.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// Stands for the spill file as a location of external data. ExternalData::of refuses it in a model
// that is loaded, as no file can be called that.
const std::string kSpillLocation("\0spill", 6);

// Smaller tensors stay in the message: shapes, scales and the like, which editors look at.
constexpr size_t kSmallestSpilled = 4096;

}  // namespace

Model::Model(std::unique_ptr<onnx::ModelProto> proto, std::string name,
             std::filesystem::path folder)
    : proto_(std::move(proto)), name_(std::move(name)), folder_(std::move(folder)) {}

Model::Model(const Model& other)
    : proto_(std::make_unique<onnx::ModelProto>(*other.proto_)),
      name_(other.name_),
      folder_(other.folder_),
      spill_(other.spill_) {}

Status Model::read_data(const onnx::TensorProto& tensor,
                        const std::function<Status(std::span<const std::byte>)>& take) const {
  if (!is_external(tensor)) {
    // Raw data as it should be needs no copy.
    if (tensor.has_raw_data() && check_data(tensor)) {
      return take(std::as_bytes(std::span(tensor.raw_data())));
    }
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
  // The graph, then the elements of its initializers wherever they lie; so it does not matter which
  // data is in the message and which beside it.
  onnx::ModelProto skeleton = skeleton_of(proto());
  for (auto& tensor : *skeleton.mutable_graph()->mutable_initializer()) clear_data(tensor);
  for_each_tensor(skeleton, [](onnx::TensorProto& tensor) { tensor.clear_external_data(); });
  std::string message;
  {
    google::protobuf::io::StringOutputStream stream(&message);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!skeleton.SerializeToCodedStream(&coded)) {
      return invalid_data(name_ + ": larger than one message may be (2 GB)");
    }
  }
  Hasher hasher;
  hasher.update(std::as_bytes(std::span(message)));
  const auto add = [&](std::span<const std::byte> piece) -> Status {
    hasher.update(piece);
    return {};
  };
  std::unordered_set<const onnx::TensorProto*> done;
  for (const auto& tensor : graph().initializer()) {
    done.insert(&tensor);
    for (const auto& text : tensor.string_data()) hasher.update(std::as_bytes(std::span(text)));
    if (tensor.data_type() == onnx::TensorProto::STRING) continue;
    ZP_RETURN_IF_ERROR(read_data(tensor, add));
  }
  Status status;
  for_each_tensor(proto(), [&](const onnx::TensorProto& tensor) {
    if (status && is_external(tensor) && !done.contains(&tensor)) status = read_data(tensor, add);
  });
  ZP_RETURN_IF_ERROR(status);
  return hasher.digest();
}

}  // namespace zp
