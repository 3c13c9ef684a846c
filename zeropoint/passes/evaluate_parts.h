// The two halves of evaluate.h; not for others.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "zeropoint/passes/evaluate.h"

namespace zp::evaluation {

struct Call {
  const onnx::NodeProto& node;
  const Operands& operands;
  size_t most_bytes;

  // The operand, or nullptr where it is left out.
  const Tensor* operand(size_t number) const {
    return number < operands.size() ? operands[number] : nullptr;
  }
};

using Evaluator = std::optional<Tensor> (*)(const Call&);

// The evaluator of the operator, or nullptr.
Evaluator find_mover(std::string_view op_type);
Evaluator find_computer(std::string_view op_type);

// A tensor of zeros, unless it would be larger than the call allows or its shape overflows.
std::optional<Tensor> result(const Call& call, DataType type, std::vector<int64_t> dims);

// The elements of an integer tensor; nothing for another type.
std::optional<std::vector<int64_t>> integers(const Tensor* tensor);

// Copies elements of `from`: element (i0, i1, ...) of a tensor of these dimensions is element
// offset + i0 * strides[0] + i1 * strides[1] + ... of `from`. Every element that this reaches
// exists.
std::optional<Tensor> strided(const Call& call, const Tensor& from,
                              const std::vector<int64_t>& dims, const std::vector<int64_t>& strides,
                              int64_t offset);

// The tensor with its elements repeated to fill these dimensions; nothing if it does not broadcast.
std::optional<Tensor> expanded(const Call& call, const Tensor& from,
                               const std::vector<int64_t>& dims);

// The dimensions that two shapes broadcast to.
std::optional<std::vector<int64_t>> broadcast(const Shape& a, const Shape& b);

}  // namespace zp::evaluation
