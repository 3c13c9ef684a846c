#include "zeropoint/evaluate/float_elements.h"

namespace zp {

Result<std::span<const float>> float_elements(const OutputView& view, std::vector<float>& storage) {
  if (view.type == DataType::kFloat) return view.as<float>();
  ZP_ASSIGN_OR_RETURN(const Tensor tensor,
                      Tensor::make(view.type, view.shape, {view.bytes.begin(), view.bytes.end()}));
  ZP_ASSIGN_OR_RETURN(storage, to_floats(tensor));
  return std::span<const float>(storage);
}

}  // namespace zp
