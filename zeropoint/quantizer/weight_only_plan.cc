#include "zeropoint/quantizer/weight_only_plan.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

// What ONNX Runtime's MatMulNBits takes.
constexpr std::array<int64_t, 5> kNBitsBlocks{16, 32, 64, 128, 256};
constexpr int64_t kUsualBlock = 32;

Status check(const WeightOnlyOptions& options) {
  if (options.bits != 4 && options.bits != 8) {
    return invalid_argument(fmt::format("weights of {} bits; expected 4 or 8", options.bits));
  }
  if (options.block_size < 0) {
    return invalid_argument(
        fmt::format("block size {}; expected 0 (one scale a channel) or more", options.block_size));
  }
  if (options.scheme == Scheme::kOneSided) {
    return invalid_argument("weights are symmetric or affine, not one-sided");
  }
  if (options.form == WeightForm::kMatMulNBits && options.block_size != 0 &&
      std::ranges::find(kNBitsBlocks, options.block_size) == kNBitsBlocks.end()) {
    return invalid_argument(
        fmt::format("block size {}: MatMulNBits takes 16, 32, 64, 128 or 256", options.block_size));
  }
  return {};
}

// Turning a matrix takes the memory of its codes twice.
constexpr int64_t kMostTurned = int64_t{128} << 20;

int64_t element_count(const onnx::TensorProto& tensor) {
  int64_t count = 1;
  for (const int64_t dim : tensor.dims()) count *= dim;
  return count;
}

bool reads_directly(const WeightUse& use) { return std::ranges::is_sorted(use.permutation); }

bool gathers_rows(const WeightUse& use) {
  return use.role == WeightRole::kGather && reads_directly(use) && use.channel_axis == 0;
}

// Why MatMulNBits and its like cannot say what the node does; nothing where they can.
std::optional<std::string> not_for_nbits(const WeightUse& use, const onnx::TensorProto& tensor,
                                         int64_t block_size) {
  const auto& node = *use.node;
  switch (use.role) {
    case WeightRole::kMatMulRight:
      return std::nullopt;
    case WeightRole::kGemmRight:
      if (float_attribute(node, "alpha", 1) == 1 && int_attribute(node, "transA", 0) == 0 &&
          (node.input_size() < 3 || node.input(2).empty() ||
           float_attribute(node, "beta", 1) == 1)) {
        return std::nullopt;
      }
      return fmt::format("a {} that scales or transposes besides", node.op_type());
    case WeightRole::kGather:
      if (gathers_rows(use) && tensor.dims(1) % block_size == 0) return std::nullopt;
      return fmt::format("a {} of what is not rows of whole blocks", node.op_type());
    default:
      return fmt::format("a {} is no product with a matrix on its right", node.op_type());
  }
}

std::optional<std::string> not_for_nbits(const Weight& weight, int64_t block_size) {
  const auto& tensor = *weight.tensor;
  if (tensor.dims_size() != 2) return "it is no matrix";
  if (tensor.data_type() != onnx::TensorProto::FLOAT &&
      tensor.data_type() != onnx::TensorProto::FLOAT16) {
    return "it is neither float nor float16";
  }
  for (const auto& use : weight.uses) {
    if (auto reason = not_for_nbits(use, tensor, block_size)) return reason;
    if (use.channels_in_rows() != weight.uses[0].channels_in_rows()) {
      return "its readers sum over different axes";
    }
  }
  return std::nullopt;
}

// Whether the node multiplies with a matrix on its right whose output channels are in rows.
bool multiplies_by_rows(const WeightUse& use) {
  const bool right = use.role == WeightRole::kMatMulRight || use.role == WeightRole::kGemmRight;
  return right && use.permutation.size() == 2 && use.channels_in_rows();
}

// The block size to use along an axis of this length; 0 where none fits.
int64_t fitting_block(int64_t length, int64_t wanted) {
  int64_t best = 0;
  for (int64_t size = wanted; size >= std::max<int64_t>(wanted / 2, 1); --size) {
    if (length % size != 0) continue;
    if (std::has_single_bit(static_cast<uint64_t>(size))) return size;
    if (best == 0) best = size;
  }
  return best;
}

// The use that decides the axes: the first that computes with the weight.
const WeightUse& leading_use(const Weight& weight) {
  const auto computes = [](const WeightUse& use) { return use.role != WeightRole::kGather; };
  const auto found = std::ranges::find_if(weight.uses, computes);
  return found == weight.uses.end() ? weight.uses.front() : *found;
}

WeightFormat format_of(const WeightOnlyOptions& options) {
  const bool is_signed = options.scheme == Scheme::kSymmetric;
  WeightFormat format;
  if (options.bits == 8) {
    format.type = is_signed ? IntType::kInt8 : IntType::kUint8;
    // 127 steps to each side keep the largest weight exact.
    format.narrow = is_signed ? NarrowRange::kYes : NarrowRange::kNo;
  } else {
    // Of 16 codes none is given away: the steps get finer by a 15th, at the cost of half a step at
    // the positive end.
    format.type = is_signed ? IntType::kInt4 : IntType::kUint4;
  }
  format.scheme = options.scheme;
  return format;
}

PlannedWeight plan_nbits(Weight weight, const WeightOnlyOptions& options) {
  PlannedWeight planned{std::move(weight), WeightForm::kMatMulNBits, format_of(options), false, {}};
  planned.format.type = options.bits == 8 ? IntType::kUint8 : IntType::kUint4;
  planned.format.narrow = NarrowRange::kNo;
  planned.format.granularity = Granularity::kPerBlock;
  planned.format.axis = planned.weight.uses[0].block_axis;
  planned.format.block_size = options.block_size;
  return planned;
}

PlannedWeight plan_dequantize(Weight weight, const WeightOnlyOptions& options) {
  PlannedWeight planned{
      std::move(weight), WeightForm::kDequantizeLinear, format_of(options), false, {}};
  planned.as_columns = std::ranges::all_of(planned.weight.uses, multiplies_by_rows) &&
                       element_count(*planned.weight.tensor) <= kMostTurned;
  const auto& use = leading_use(planned.weight);
  auto& format = planned.format;
  format.granularity = Granularity::kPerAxis;
  format.axis = use.channel_axis;
  if (options.block_size == 0) return planned;
  const int64_t length = planned.weight.tensor->dims(static_cast<int>(use.block_axis));
  const int64_t block = fitting_block(length, options.block_size);
  if (block == 0) {
    planned.note =
        fmt::format("one scale a channel: no block of {} to {} divides {}",
                    std::max<int64_t>(options.block_size / 2, 1), options.block_size, length);
    return planned;
  }
  if (block != options.block_size) {
    planned.note =
        fmt::format("blocks of {}: {} does not divide {}", block, options.block_size, length);
  }
  format.granularity = Granularity::kPerBlock;
  format.axis = use.block_axis;
  format.block_size = block;
  return planned;
}

}  // namespace

Result<WeightOnlyPlan> plan_weights(onnx::ModelProto& model, const WeightOnlyOptions& options) {
  ZP_RETURN_IF_ERROR(check(options));
  WeightOnlyOptions nbits = options;
  if (nbits.block_size == 0) nbits.block_size = kUsualBlock;
  // What MatMulNBits cannot say: a scale a channel does for 8 bits, and needs no newer operator
  // set.
  const WeightOnlyOptions& others =
      options.form == WeightForm::kMatMulNBits && options.bits == 4 ? nbits : options;
  WeightOnlyPlan plan;
  for (auto& weight : find_weights(model)) {
    std::erase_if(weight.uses,
                  [&](const WeightUse& use) { return !options.selection.contains(*use.node); });
    if (weight.uses.empty()) {
      plan.left.push_back({weight.name, "no node that reads it is selected"});
      continue;
    }
    const int64_t count = element_count(*weight.tensor);
    if (count < std::max<int64_t>(options.min_elements, 1)) {
      plan.left.push_back(
          {weight.name, fmt::format("fewer than {} elements", options.min_elements)});
      continue;
    }
    if (options.form == WeightForm::kMatMulNBits) {
      const auto reason = not_for_nbits(weight, nbits.block_size);
      if (!reason) {
        plan.weights.push_back(plan_nbits(std::move(weight), nbits));
        continue;
      }
      auto planned = plan_dequantize(std::move(weight), others);
      planned.note = fmt::format("DequantizeLinear: {}{}{}", *reason,
                                 planned.note.empty() ? "" : "; ", planned.note);
      plan.weights.push_back(std::move(planned));
    } else {
      plan.weights.push_back(plan_dequantize(std::move(weight), options));
    }
  }
  return plan;
}

int64_t required_opset(const PlannedWeight& planned) {
  if (planned.form == WeightForm::kMatMulNBits) return 0;
  if (planned.format.type.bits() == 4 || planned.format.block_size != 0) return 21;
  const auto scale_type =
      weight_scale_type(static_cast<DataType>(planned.weight.tensor->data_type()));
  return scale_type == DataType::kFloat ? 13 : 19;
}

bool gathers_codes(const WeightUse& use, const PlannedWeight& planned) {
  const auto& format = planned.format;
  if (format.type.bits() != 8 || !gathers_rows(use)) return false;
  if (format.granularity == Granularity::kPerAxis) return format.axis == 0;
  return format.axis == 1 && use.permutation.size() == 2;
}

}  // namespace zp
