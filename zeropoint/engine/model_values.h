// The names that an ONNX model gives to its values, read without its weights.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

// Of the main graph; what is inside the bodies of If, Loop and Scan is not listed.
struct ModelValues {
  std::vector<std::string> inputs;   // those that are no initializer, in the model's order
  std::vector<std::string> outputs;  // in the model's order; the same name may stand there twice
  std::set<std::string> all;         // of inputs, initializers and the outputs of all nodes
};

// From a stream that holds a serialized ModelProto of `size` bytes. Tensors are skipped, so a
// file's weights are not read from the disk. What is no message of this kind, or is cut off, is an
// error of code kInvalidData.
Result<ModelValues> read_model_values(google::protobuf::io::ZeroCopyInputStream& stream,
                                      uint64_t size);

}  // namespace zp
