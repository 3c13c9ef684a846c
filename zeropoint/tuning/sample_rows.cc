#include "zeropoint/tuning/sample_rows.h"

#include <algorithm>

#include "zeropoint/base/hash.h"
#include "zeropoint/evaluate/float_elements.h"
#include "zeropoint/tuning/input_rows.h"

namespace zp {
namespace {

// A value as it lies in memory, seen in the model's order of axes.
struct Layout {
  std::vector<int64_t> dims;
  std::vector<int64_t> strides;
};

Layout layout_of(const OutputView& view) {
  const auto dims = view.shape.dims();
  Layout layout{{dims.begin(), dims.end()}, std::vector<int64_t>(dims.size())};
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    layout.strides[i] = stride;
    stride *= dims[i];
  }
  if (view.order == AxisOrder::kChannelsLast) {
    std::rotate(layout.dims.begin() + 1, layout.dims.end() - 1, layout.dims.end());
    std::rotate(layout.strides.begin() + 1, layout.strides.end() - 1, layout.strides.end());
  }
  return layout;
}

}  // namespace

Result<SampleRows> rows_of(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                           const OutputView& value, int64_t wanted, uint64_t seed) {
  const Layout layout = layout_of(value);
  ZP_ASSIGN_OR_RETURN(const InputRows rows, InputRows::make(node, weight_dims, layout.dims));
  const auto chosen = choose_rows(rows.count(), wanted, seed);
  std::vector<float> room;
  ZP_ASSIGN_OR_RETURN(const std::span<const float> values, float_elements(value, room));
  SampleRows result{static_cast<int64_t>(chosen.size()), rows.taps(), rows.channels(), {}};
  result.values.resize(chosen.size() * static_cast<size_t>(rows.groups() * rows.length()));
  rows.copy(values.data(), layout.strides, chosen, result.values.data());
  return result;
}

uint64_t seed_of(const SampleInputs& sample) {
  Hasher hasher;
  for (const NamedTensor& input : sample) hasher.update(input.tensor.bytes());
  return hasher.digest().low;
}

}  // namespace zp
