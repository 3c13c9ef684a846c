#include "zeropoint/evaluate/fixed_shapes.h"

#include <algorithm>
#include <atomic>
#include <optional>

namespace zp {
namespace {

InputShapes shapes_of(const SampleInputs& inputs) {
  InputShapes shapes;
  for (const NamedTensor& input : inputs) {
    const auto dims = input.tensor.shape().dims();
    shapes[input.name].assign(dims.begin(), dims.end());
  }
  return shapes;
}

Result<InputShapes> first_shapes(std::span<const int64_t> samples, const LoadSample& load) {
  for (const int64_t sample : samples) {
    ZP_ASSIGN_OR_RETURN(const std::optional<SampleInputs> inputs, load(sample));
    if (inputs) return shapes_of(*inputs);
  }
  return InputShapes();
}

}  // namespace

Status with_fixed_shapes(std::span<const int64_t> samples, const LoadSample& load,
                         const FixedShapesWork& work) {
  ZP_ASSIGN_OR_RETURN(const InputShapes fixed, first_shapes(samples, load));
  if (fixed.empty()) return work(fixed, load);
  std::atomic<bool> was_compiled = false;
  std::atomic<bool> is_other_shape = false;
  const LoadSample checked = [&](int64_t sample) -> Result<std::optional<SampleInputs>> {
    was_compiled = true;
    ZP_ASSIGN_OR_RETURN(std::optional<SampleInputs> inputs, load(sample));
    if (inputs && shapes_of(*inputs) != fixed) {
      is_other_shape = true;
      return invalid_data("samples of several shapes");
    }
    return inputs;
  };
  Status status = work(fixed, checked);
  return !status && (is_other_shape || !was_compiled) ? work({}, load) : status;
}

}  // namespace zp
