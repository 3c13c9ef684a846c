// Shapes and views of dense tensors: row-major, the last dimension fastest, as ONNX stores them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

// The dimensions of a tensor. The default is rank 0: a scalar, which has one element.
// Every Shape that exists has dimensions >= 0 whose products, in any grouping, fit an int64_t.
class Shape {
 public:
  Shape() = default;
  // A negative dimension is an error, and so is a number of elements that does not fit an int64_t
  // (a 0 among the dimensions does not excuse the others: products of part of them must fit too).
  static Result<Shape> make(std::vector<int64_t> dims);

  int rank() const { return static_cast<int>(dims_.size()); }
  std::span<const int64_t> dims() const { return dims_; }
  int64_t dim(int index) const { return dims_[static_cast<size_t>(index)]; }
  int64_t element_count() const { return element_count_; }
  // "[2, 3]", and "[]" for a scalar.
  std::string to_string() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<int64_t> dims_;
  int64_t element_count_ = 1;
};

// The error that TensorView::make gives; apart, so that it is compiled once.
Status check_element_count(const Shape& shape, size_t elements);

// Elements that somebody else owns, together with their shape; as cheap to copy as its shape.
template <class T>
class TensorView {
 public:
  // data must hold exactly shape.element_count() elements.
  static Result<TensorView> make(std::span<T> data, Shape shape) {
    ZP_RETURN_IF_ERROR(check_element_count(shape, data.size()));
    return TensorView(data, std::move(shape));
  }
  // A view of mutable elements serves where one of const elements is asked for.
  operator TensorView<const T>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<T>) {
    return TensorView<const T>(data_, shape_);
  }

  std::span<T> data() const { return data_; }
  const Shape& shape() const { return shape_; }

 private:
  template <class>
  friend class TensorView;
  TensorView(std::span<T> data, Shape shape) : data_(data), shape_(std::move(shape)) {}

  std::span<T> data_;
  Shape shape_;
};

// A shape seen from one of its axes: element (o, a, i) lies at (o * axis + a) * inner + i, where
// outer counts everything before the axis and inner everything after it.
struct AxisSplit {
  int64_t outer = 1;
  int64_t axis = 1;
  int64_t inner = 1;

  friend bool operator==(const AxisSplit&, const AxisSplit&) = default;
};

// The axis counted from 0: axis itself, or axis + rank where it is negative (-1 is the last one).
// Outside [-rank, rank - 1] it is an error that names both.
Result<int> normalize_axis(int64_t axis, int rank);

// axis as in normalize_axis.
Result<AxisSplit> split_at_axis(const Shape& shape, int64_t axis);

}  // namespace zp
