#include "zeropoint/numerics/tensor_params.h"

#include <fmt/format.h>

#include "zeropoint/numerics/spans.h"

namespace zp {
namespace {

std::string slice_name(const Layout& layout, int64_t index) {
  switch (layout.granularity) {
    case Granularity::kPerTensor:
      return "tensor";
    case Granularity::kPerAxis:
      return fmt::format("channel {}", index);
    case Granularity::kPerBlock:
      return fmt::format("block {}", index);
  }
  return {};
}

// Calls body(offset, count, params) for contiguous elements under the same parameters.
template <class Body>
Status for_each_slice(const TensorParams& params, Body body) {
  Status status;
  for_each_run(params.layout, [&](const Run& run) {
    if (run.params_stride == 0) {
      if (status) status = body(run.offset, run.count, params.at(run.params_index));
      return;
    }
    for (int64_t i = 0; i < run.count && status; ++i) {
      status = body(run.offset + i, 1, params.at(run.params_index + i));
    }
  });
  return status;
}

template <class T>
std::span<T> part(std::span<T> all, int64_t offset, int64_t count) {
  return all.subspan(static_cast<size_t>(offset), static_cast<size_t>(count));
}

}  // namespace

Status check(const TensorParams& params, Convention convention) {
  ZP_RETURN_IF_ERROR(check(params.layout));
  const auto expected = static_cast<size_t>(params.layout.params_count());
  if (params.scales.size() != expected || params.zero_points.size() != expected) {
    return invalid_argument(
        fmt::format("quantization parameters: expected {} scales and zero points, got {} and {}",
                    expected, params.scales.size(), params.zero_points.size()));
  }
  for (size_t i = 0; i < expected; ++i) {
    if (Status status = check(params.at(static_cast<int64_t>(i)), convention); !status) {
      return tl::unexpected<Error>(
          std::move(status).error().at(slice_name(params.layout, static_cast<int64_t>(i))));
    }
  }
  return {};
}

Status quantize(std::span<const float> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_same_size("quantize", x.size(), codes.size(), params.layout));
  return for_each_slice(params, [&](int64_t offset, int64_t count, const QuantParams& own) {
    return quantize(part(x, offset, count), part(codes, offset, count), own, convention);
  });
}

Status dequantize(std::span<const int32_t> codes, std::span<float> x, const TensorParams& params) {
  ZP_RETURN_IF_ERROR(check(params));
  ZP_RETURN_IF_ERROR(check_same_size("dequantize", codes.size(), x.size(), params.layout));
  ZP_RETURN_IF_ERROR(check_codes(codes, params.type));
  return for_each_slice(params, [&](int64_t offset, int64_t count, const QuantParams& own) {
    return dequantize(part(codes, offset, count), part(x, offset, count), own);
  });
}

Status fake_quantize(std::span<const float> x, std::span<float> y, const TensorParams& params,
                     Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_same_size("fake_quantize", x.size(), y.size(), params.layout));
  return for_each_slice(params, [&](int64_t offset, int64_t count, const QuantParams& own) {
    return fake_quantize(part(x, offset, count), part(y, offset, count), own, convention);
  });
}

Result<TensorParams> choose_tensor_params(const Layout& layout, std::span<const Range> ranges,
                                          IntType type, const ParamOptions& options) {
  ZP_RETURN_IF_ERROR(check(layout));
  if (static_cast<int64_t>(ranges.size()) != layout.params_count()) {
    return invalid_argument(fmt::format("expected {} ranges, one for each scale, got {}",
                                        layout.params_count(), ranges.size()));
  }
  TensorParams params{layout, type, options.narrow, {}, {}};
  for (size_t i = 0; i < ranges.size(); ++i) {
    auto own = choose_params(ranges[i], type, options);
    if (!own) {
      return tl::unexpected<Error>(
          std::move(own).error().at(slice_name(layout, static_cast<int64_t>(i))));
    }
    params.narrow = own->narrow;
    params.scales.push_back(own->scale);
    params.zero_points.push_back(own->zero_point);
  }
  return params;
}

}  // namespace zp
