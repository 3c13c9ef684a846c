// Tensors along axis 0: taken apart and put together.
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// The shape with another size of axis 0. Requires a rank of at least 1.
Result<Shape> with_first_dim(const Shape& shape, int64_t size);

// Element `index` of axis 0, of shape [1, rest]. Requires 0 <= index < tensor.shape().dim(0) and
// elements of whole bytes.
Result<Tensor> row_of(const Tensor& tensor, int64_t index);

// The tensors one after the other along axis 0. Requires at least one, of rank 1 or more and whole
// bytes an element; an error where their types or remaining dimensions differ.
Result<Tensor> join_rows(std::span<const Tensor> tensors);

}  // namespace zp
