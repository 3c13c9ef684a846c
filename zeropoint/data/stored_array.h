// Arrays in files of any of the formats, of which first the shape is known and later the elements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

struct StoredArray {
  std::string name = {};                 // "" where the file has none
  std::optional<int64_t> position = {};  // N of input_N.pb
  // The error of an array that is there but cannot be read (texts in a .npz, say), which matters
  // only when it is wanted; all below is then empty.
  Status readable = {};
  DataType type = DataType::kUndefined;
  Shape shape = {};
  // These errors do not name the file.
  std::function<Result<Tensor>()> read = {};
  // Element of axis 0, of shape [1, rest]; requires that there is one.
  std::function<Result<Tensor>(int64_t row)> read_row = {};
};

// The arrays of a .npy (one, without a name), .npz (by name, the ".npy" of the members left off) or
// .pb file (one TensorProto), or of a folder with input_0.pb, input_1.pb ... as ONNX's test data
// sets are. Elements of .npy and .npz are read when asked for, from the file as it is then; they
// keep it open. Errors name the file (those in the arrays do not).
Result<std::vector<StoredArray>> open_arrays(const std::filesystem::path& path);

// Whether it is a folder that holds input_N.pb.
bool is_test_data(const std::filesystem::path& folder);

}  // namespace zp
