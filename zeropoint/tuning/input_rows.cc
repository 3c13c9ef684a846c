#include "zeropoint/tuning/input_rows.h"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>
#include <string>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

int64_t element(const std::optional<std::vector<int64_t>>& values, size_t i, int64_t absent) {
  return values && i < values->size() ? (*values)[i] : absent;
}

}  // namespace

// ONNX's Conv: https://onnx.ai/onnx/operators/onnx__Conv.html, auto_pad included.
Result<InputRows::Axis> InputRows::convolution_axis(const onnx::NodeProto& node,
                                                    std::span<const int64_t> weight_dims,
                                                    std::span<const int64_t> data_dims,
                                                    size_t axis) {
  const size_t spatial = data_dims.size() - 2;
  Axis result;
  result.axis = static_cast<int64_t>(axis) + 2;
  result.size = data_dims[axis + 2];
  result.kernel = weight_dims[axis + 2];
  result.stride = element(ints_attribute(node, "strides"), axis, 1);
  result.dilation = element(ints_attribute(node, "dilations"), axis, 1);
  if (result.stride < 1 || result.dilation < 1) {
    return invalid_data("strides and dilations must be at least 1");
  }
  const int64_t reach = (result.kernel - 1) * result.dilation + 1;
  const std::string auto_pad = string_attribute(node, "auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
    result.outputs = (result.size + result.stride - 1) / result.stride;
    const int64_t needed = (result.outputs - 1) * result.stride + reach;
    const int64_t total = std::max<int64_t>(needed - result.size, 0);
    result.pad = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    return result;
  }
  int64_t behind = 0;
  if (auto_pad != "VALID") {
    const auto pads = ints_attribute(node, "pads");
    result.pad = element(pads, axis, 0);
    behind = element(pads, axis + spatial, 0);
  }
  const int64_t room = result.size + result.pad + behind - reach;
  result.outputs = room < 0 ? 0 : room / result.stride + 1;
  return result;
}

Result<InputRows> InputRows::make(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                                  std::span<const int64_t> data_dims) {
  InputRows rows;
  const auto misfit = [&] {
    return invalid_data(fmt::format("data of {} dimensions do not fit weights of {}",
                                    data_dims.size(), weight_dims.size()));
  };
  if (is_op(node, "Conv")) {
    if (data_dims.size() < 3 || weight_dims.size() != data_dims.size()) return misfit();
    rows.groups_ = int_attribute(node, "group", 1);
    rows.channels_ = weight_dims[1];
    rows.channel_axis_ = 1;
    if (rows.groups_ * rows.channels_ != data_dims[1]) return misfit();
    rows.axes_.push_back({.axis = 0, .size = data_dims[0], .outputs = data_dims[0]});
    for (size_t i = 0; i + 2 < data_dims.size(); ++i) {
      ZP_ASSIGN_OR_RETURN(const Axis axis, rows.convolution_axis(node, weight_dims, data_dims, i));
      rows.taps_ *= axis.kernel;
      rows.axes_.push_back(axis);
    }
  } else if (is_op(node, "Gemm") || is_op(node, "MatMul")) {
    const bool gemm = is_op(node, "Gemm");
    if (data_dims.empty() || weight_dims.size() != 2 || (gemm && data_dims.size() != 2)) {
      return misfit();
    }
    const bool first = gemm && int_attribute(node, "transA", 0) != 0;
    rows.channel_axis_ = first ? 0 : static_cast<int64_t>(data_dims.size()) - 1;
    rows.channels_ = data_dims[static_cast<size_t>(rows.channel_axis_)];
    const bool transposed = gemm && int_attribute(node, "transB", 0) != 0;
    if (rows.channels_ != weight_dims[transposed ? 1 : 0]) return misfit();
    for (size_t i = 0; i < data_dims.size(); ++i) {
      if (static_cast<int64_t>(i) == rows.channel_axis_) continue;
      rows.axes_.push_back(
          {.axis = static_cast<int64_t>(i), .size = data_dims[i], .outputs = data_dims[i]});
    }
  } else {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the rows that {} multiplies are not known here", node.op_type()));
  }
  rows.count_ = 1;
  for (const Axis& axis : rows.axes_) rows.count_ *= axis.outputs;
  return rows;
}

void InputRows::copy_row(const float* data, std::span<const int64_t> strides, int64_t row,
                         float* to) const {
  const size_t rank = axes_.size();
  // Where the window of this row begins along each axis.
  int64_t starts[8];
  for (size_t i = rank; i-- > 0;) {
    starts[i] = row % axes_[i].outputs * axes_[i].stride - axes_[i].pad;
    row /= axes_[i].outputs;
  }
  const int64_t width = groups_ * channels_;
  const int64_t step = strides[static_cast<size_t>(channel_axis_)];
  for (int64_t tap = 0; tap < taps_; ++tap, to += width) {
    int64_t offset = 0;
    int64_t rest = tap;
    bool inside = true;
    for (size_t i = rank; i-- > 0;) {
      const Axis& axis = axes_[i];
      const int64_t at = starts[i] + rest % axis.kernel * axis.dilation;
      rest /= axis.kernel;
      inside = inside && at >= 0 && at < axis.size;
      offset += at * strides[static_cast<size_t>(axis.axis)];
    }
    if (!inside) {
      std::fill(to, to + width, 0.0F);
    } else if (step == 1) {
      std::copy(data + offset, data + offset + width, to);
    } else {
      for (int64_t c = 0; c < width; ++c) to[c] = data[offset + c * step];
    }
  }
}

void InputRows::copy(const float* data, std::span<const int64_t> strides,
                     std::span<const int64_t> rows, float* to) const {
  for (const int64_t row : rows) {
    copy_row(data, strides, row, to);
    to += groups_ * length();
  }
}

std::vector<int64_t> choose_rows(int64_t count, int64_t wanted, uint64_t seed) {
  std::vector<int64_t> rows;
  if (wanted >= count) {
    rows.resize(static_cast<size_t>(count));
    std::iota(rows.begin(), rows.end(), int64_t{0});
    return rows;
  }
  // Steps by the golden ratio: however many, they leave gaps of at most three lengths, and do not
  // fall into the columns of a picture as equal steps would. A step without a common divisor with
  // the count meets each row once.
  auto step = static_cast<int64_t>(static_cast<double>(count) * 0.6180339887498949);
  step = std::max<int64_t>(step, 1);
  while (std::gcd(step, count) != 1) ++step;
  auto row = static_cast<int64_t>(seed % static_cast<uint64_t>(count));
  for (int64_t i = 0; i < wanted; ++i) {
    rows.push_back(row);
    row = (row + step) % count;
  }
  std::ranges::sort(rows);
  return rows;
}

}  // namespace zp
