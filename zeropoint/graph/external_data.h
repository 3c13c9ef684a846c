// Tensor data that lies in a file beside the model (ONNX, "External Data").
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// Where the data of a tensor lies.
struct ExternalData {
  std::string location;  // of the file, relative to the model's folder
  size_t offset = 0;
  size_t length = 0;

  // What `tensor` says; a length that it leaves out is computed from its shape. Errors name the
  // tensor: no location, one that leaves the model's folder, numbers that are none, a length that
  // does not fit the shape.
  static Result<ExternalData> of(const onnx::TensorProto& tensor);
  // Makes `tensor` say so.
  void write_to(onnx::TensorProto& tensor) const;
};

inline bool is_external(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL;
}

// Gives the bytes at `offset` .. `offset` + `length` of an open file to `take`, in pieces of a few
// MB. Errors name `path`, also where the file ends before.
Status read_piecewise(int descriptor, const std::filesystem::path& path, size_t offset,
                      size_t length, const std::function<Status(std::span<const std::byte>)>& take);

}  // namespace zp
