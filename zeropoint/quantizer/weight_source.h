// A weight's elements, wherever they lie: in order, as float32, a few MB at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "zeropoint/graph/model.h"
#include "zeropoint/graph/tensor.h"
#include "zeropoint/numerics/layout.h"

namespace zp {

// Where the elements of a weight come from.
struct WeightSource {
  using Take = std::function<Status(std::span<const std::byte>)>;

  std::string name;                      // for messages: "tensor "NAME""
  DataType type = DataType::kUndefined;  // float, double, float16 or bfloat16
  Shape shape;
  // Gives all the elements' bytes in order, in pieces of any size; from the start at every call.
  std::function<Status(const Take&)> read;
};

// `tensor` and `model` must outlive what is returned. An error for a shape that is none.
WeightSource weight_source(const Tensor& tensor, std::string name);
Result<WeightSource> weight_source(const Model& model, const onnx::TensorProto& tensor);

// Elements offset .. offset + layout.element_count() of a weight: a small tensor of its own whose
// parameters are those of the weight from number params_begin on.
struct WeightChunk {
  int64_t offset = 0;
  Layout layout;
  int64_t params_begin = 0;
};

// Calls body for chunks that cover every element once, in memory order. The source's shape has
// layout.element_count() elements.
//
// Errors name the weight: one that is not of a float type, an element that is NaN or infinite (by
// its indices), and whatever reading and the body say.
Status for_each_chunk(
    const WeightSource& weight, const Layout& layout,
    const std::function<Status(const WeightChunk&, std::span<const float>)>& body);

// The errors that for_each_chunk finds in the elements.
Status check_elements(const WeightSource& weight);

}  // namespace zp
