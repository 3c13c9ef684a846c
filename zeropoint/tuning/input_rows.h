// The rows that a weighted node multiplies with each of its filters: a convolution as a product of
// matrices (im2col).
//
// Row r of a node is what one element of its output is made of; its element k meets element k of a
// filter, in the order of plan/pairs.h (for Conv: kernel position first, then input channel).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// Of one node with data of one shape.
class InputRows {
 public:
  // Conv with any number of spatial dimensions, groups, strides, dilations and every way of
  // padding; Gemm with transA; MatMul with weights of two dimensions. `data_dims` are those of the
  // node's first input, in the model's order of axes. Errors: another operator (ConvTranspose:
  // kUnsupported), sizes that do not fit each other.
  static Result<InputRows> make(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                                std::span<const int64_t> data_dims);

  // How many there are: output positions of all items of a batch.
  int64_t count() const { return count_; }
  int64_t groups() const { return groups_; }
  // Elements of a filter.
  int64_t length() const { return taps_ * channels_; }
  int64_t taps() const { return taps_; }
  // Of one group.
  int64_t channels() const { return channels_; }

  // Copies the rows of these numbers to `to`, one after the other, each [taps, groups * channels]:
  // groups * length elements. `strides` say how far apart in `data` neighbours along each axis of
  // the model's order are. Padding gives 0.
  void copy(const float* data, std::span<const int64_t> strides, std::span<const int64_t> rows,
            float* to) const;

 private:
  struct Axis {
    int64_t axis = 0;  // of the data
    int64_t size = 1;
    int64_t outputs = 1;
    int64_t kernel = 1;
    int64_t stride = 1;
    int64_t dilation = 1;
    int64_t pad = 0;  // in front
  };

  Result<Axis> convolution_axis(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                                std::span<const int64_t> data_dims, size_t axis);
  void copy_row(const float* data, std::span<const int64_t> strides, int64_t row, float* to) const;

  int64_t count_ = 0;
  int64_t groups_ = 1;
  int64_t taps_ = 1;
  int64_t channels_ = 0;
  int64_t channel_axis_ = 0;
  // The axes whose positions number the rows, the last fastest; a plain axis has kernel 1.
  std::vector<Axis> axes_;
};

// `wanted` of `count` row numbers, spread evenly, in ascending order; all of them where there are
// no more. The same for the same arguments; `seed` moves them, so that samples of one size do not
// all give the same positions.
std::vector<int64_t> choose_rows(int64_t count, int64_t wanted, uint64_t seed);

}  // namespace zp
