#include "zeropoint/tuning/second_moments.h"

#include <fmt/format.h>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/kernels/gram.h"
#include "zeropoint/tuning/nearest_integer.h"

namespace zp {
namespace {

using DoubleRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kExactIntegers = 9007199254740992;  // 2^53: doubles add up to there exactly
constexpr int64_t kLargestSum = std::numeric_limits<int32_t>::max();
constexpr int64_t kMostRows = 512;    // taken at a time, so that they stay in the cache
constexpr int64_t kPanel = 256;       // columns of H computed at a time
constexpr int32_t kWidestByte = 255;  // codes up to there multiply as int16

size_t index(int64_t i) { return static_cast<size_t>(i); }

Status check_rows(const InputCodes& codes, int64_t rows) {
  const double largest = codes.largest;
  const double most = kExactIntegers / (double{kDifferenceSteps} * largest * largest);
  if (static_cast<double>(rows) <= most) return {};
  return invalid_argument(fmt::format("{} rows; sums of codes up to {} are exact for {:.0f}", rows,
                                      codes.largest, most));
}

// Of the columns of one group in one sample: codes, and the differences to the float model's.
struct GroupValues {
  std::vector<float> codes;
  std::vector<float> differences;  // in steps of 1 / kDifferenceSteps
};

Status to_codes(std::span<const float> values, const InputCodes& codes, std::vector<float>& out) {
  const auto per_value = static_cast<float>(1 / codes.scale);
  const auto largest = static_cast<float>(codes.largest);
  out.resize(values.size());
  int32_t outside = 0;  // a count, which compilers vectorize
  for (size_t i = 0; i < values.size(); ++i) {
    const float code = nearest_integer(values[i] * per_value);
    out[i] = code;
    outside += std::abs(code) <= largest ? 0 : 1;  // NaN is outside as well
  }
  if (outside == 0) return {};
  const auto bad =
      std::ranges::find_if(out, [&](float code) { return !(std::abs(code) <= largest); });
  const float value = values[static_cast<size_t>(bad - out.begin())];
  if (!std::isfinite(value)) return invalid_data("NaN or infinity among its data");
  return invalid_data(fmt::format("a value of {} at scale {}; expected codes of at most {}", value,
                                  codes.scale, codes.largest));
}

Status to_differences(std::span<const float> float_values, std::span<const float> its_codes,
                      const InputCodes& codes, std::vector<float>& out) {
  const auto per_value = static_cast<float>(1 / codes.scale);
  const auto most = static_cast<float>(kDifferenceSteps * codes.largest);
  out.resize(float_values.size());
  int32_t infinite = 0;
  for (size_t i = 0; i < float_values.size(); ++i) {
    const float steps = (float_values[i] * per_value - its_codes[i]) * kDifferenceSteps;
    infinite += steps - steps == 0 ? 0 : 1;
    out[i] = nearest_integer(std::clamp(steps, -most, most));
  }
  if (infinite == 0) return {};
  return invalid_data("NaN or infinity among the float model's data");
}

// Rows [begin, end) of a matrix of floats that hold small integers, some of its columns.
struct Window {
  const std::vector<float>& values;
  int64_t width;  // of the matrix
  int64_t begin;
  int64_t end;
};

// In kernels::PairedRows' form, `columns` of them: element (t, c) of a row lies at t * step + c,
// with `run` elements a tap.
std::vector<int16_t> packed(const Window& window, int64_t taps, int64_t step, int64_t first,
                            int64_t run) {
  const int64_t rows = window.end - window.begin;
  const int64_t columns = taps * run;
  std::vector<int16_t> out(kernels::paired_size(rows, columns));
  for (int64_t r = 0; r < rows; ++r) {
    const float* from = window.values.data() + (window.begin + r) * window.width + first;
    int16_t* to = out.data() + kernels::paired_index(r, 0, columns);
    for (int64_t t = 0; t < taps; ++t, from += step) {
      for (int64_t c = 0; c < run; ++c, to += 2) *to = static_cast<int16_t>(from[c]);
    }
  }
  return out;
}

// What is added up for one node while another thread may do so as well.
class Adder {
 public:
  Adder(SecondMoments& moments, std::mutex& mutex, const RowsOfSample& sample,
        const GroupValues& values)
      : moments_(moments), mutex_(mutex), sample_(sample), values_(values) {}

  void add() {
    add_columns(values_.codes, 1, moments_.sum);
    add_columns(values_.differences, kDifferenceSteps, moments_.difference);
    if (moments_.codes.largest > kWidestByte) {
      for (int64_t g = 0; g < moments_.groups; ++g) add_wide(g);
      return;
    }
    const bool of_channels = moments_.groups > 1 && sample_.channels == 1;
    for (int64_t begin = 0; begin < sample_.rows;) {
      const int64_t end = std::min(sample_.rows, begin + rows_at_once());
      for (int64_t g = 0; g < moments_.groups && !of_channels; ++g) add_group(g, begin, end);
      if (of_channels) add_channels(begin, end);
      begin = end;
    }
  }

 private:
  bool with_float() const { return !moments_.cross.empty(); }
  int64_t width() const { return moments_.groups * moments_.length; }

  // So many rows that no sum exceeds int32.
  int64_t rows_at_once() const {
    const int64_t largest = moments_.codes.largest;
    const int64_t most = with_float() ? kDifferenceSteps * largest : largest;
    return std::clamp<int64_t>(kLargestSum / (largest * most), 1, kMostRows);
  }

  // Sums of columns, from the rows' order (tap, group, channel) into (group, tap, channel).
  void add_columns(const std::vector<float>& values, int steps, std::vector<double>& sums) {
    if (values.empty()) return;
    std::vector<double> total(index(width()));
    for (size_t i = 0; i < values.size(); i += total.size()) {
      for (size_t k = 0; k < total.size(); ++k) total[k] += double{values[i + k]};
    }
    const std::lock_guard lock(mutex_);
    const double* from = total.data();
    for (int64_t t = 0; t < sample_.taps; ++t) {
      for (int64_t g = 0; g < moments_.groups; ++g) {
        double* to = sums.data() + g * moments_.length + t * sample_.channels;
        for (int64_t c = 0; c < sample_.channels; ++c) to[c] += *from++ / steps;
      }
    }
  }

  std::vector<int16_t> pack_group(const std::vector<float>& values, int64_t group, int64_t begin,
                                  int64_t end) const {
    return packed({values, width(), begin, end}, sample_.taps, moments_.groups * sample_.channels,
                  group * sample_.channels, sample_.channels);
  }

  void add_group(int64_t group, int64_t begin, int64_t end) {
    const int64_t length = moments_.length;
    const std::vector<int16_t> codes = pack_group(values_.codes, group, begin, end);
    const kernels::PairedRows x{codes, end - begin, length};
    double* product = moments_.product.data() + group * length * length;
    for (int64_t p = 0; p < length; p += kPanel) {
      const kernels::Columns panel{p, std::min(length, p + kPanel)};
      add_panel(x, {p, length}, x, panel, product, 1);  // the lower triangle is enough
    }
    if (!with_float()) return;
    const std::vector<int16_t> differences = pack_group(values_.differences, group, begin, end);
    const kernels::PairedRows e{differences, end - begin, length};
    double* cross = moments_.cross.data() + group * length * length;
    for (int64_t p = 0; p < length; p += kPanel) {
      const kernels::Columns panel{p, std::min(length, p + kPanel)};
      add_panel(e, {0, length}, x, panel, cross, kDifferenceSteps);
    }
  }

  void add_panel(const kernels::PairedRows& a, kernels::Columns of_a, const kernels::PairedRows& b,
                 kernels::Columns of_b, double* to, int steps) {
    const int64_t columns = of_b.end - of_b.begin;
    room_.resize(index((of_a.end - of_a.begin) * columns));
    kernels::gram(a, of_a, b, of_b, room_);
    const std::lock_guard lock(mutex_);
    const int32_t* from = room_.data();
    const double unit = 1.0 / steps;
    for (int64_t i = of_a.begin; i < of_a.end; ++i) {
      double* row = to + i * moments_.length + of_b.begin;
      for (int64_t j = 0; j < columns; ++j) row[j] += unit * *from++;
    }
  }

  // Depthwise: every channel is a group.
  void add_channels(int64_t begin, int64_t end) {
    const int64_t taps = sample_.taps;
    const int64_t groups = moments_.groups;
    const auto pack_all = [&](const std::vector<float>& values) {
      return packed({values, width(), begin, end}, 1, width(), 0, width());
    };
    const std::vector<int16_t> codes = pack_all(values_.codes);
    const kernels::PairedRows x{codes, end - begin, width()};
    room_.resize(index(taps * taps * groups));
    const auto add = [&](double* to, int steps) {
      const std::lock_guard lock(mutex_);
      const double unit = 1.0 / steps;
      for (int64_t k = 0; k < taps * taps; ++k) {
        for (int64_t g = 0; g < groups; ++g) {
          to[g * taps * taps + k] += unit * room_[index(k * groups + g)];
        }
      }
    };
    kernels::gram_of_channels(x, x, taps, groups, room_);
    add(moments_.product.data(), 1);
    if (!with_float()) return;
    const std::vector<int16_t> differences = pack_all(values_.differences);
    kernels::gram_of_channels({differences, end - begin, width()}, x, taps, groups, room_);
    add(moments_.cross.data(), kDifferenceSteps);
  }

  // The columns of one group as doubles, whose products are exact integers.
  DoubleRows wide_group(const std::vector<float>& values, int64_t group, int64_t begin,
                        int64_t end) const {
    DoubleRows out(end - begin, moments_.length);
    const int64_t channels = sample_.channels;
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t t = 0; t < sample_.taps; ++t) {
        const float* from = values.data() + r * width() + (t * moments_.groups + group) * channels;
        for (int64_t c = 0; c < channels; ++c) out(r - begin, t * channels + c) = from[c];
      }
    }
    return out;
  }

  void add_wide(int64_t group) {
    const int64_t length = moments_.length;
    Eigen::Map<DoubleRows> product(moments_.product.data() + group * length * length, length,
                                   length);
    for (int64_t begin = 0; begin < sample_.rows; begin += kMostRows) {
      const int64_t end = std::min(sample_.rows, begin + kMostRows);
      const DoubleRows x = wide_group(values_.codes, group, begin, end);
      DoubleRows part = DoubleRows::Zero(length, length);
      part.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
      {
        const std::lock_guard lock(mutex_);
        product += part;
      }
      if (!with_float()) continue;
      part.noalias() = wide_group(values_.differences, group, begin, end).transpose() * x;
      const std::lock_guard lock(mutex_);
      Eigen::Map<DoubleRows>(moments_.cross.data() + group * length * length, length, length) +=
          part / kDifferenceSteps;
    }
  }

  SecondMoments& moments_;
  std::mutex& mutex_;
  const RowsOfSample& sample_;
  const GroupValues& values_;
  std::vector<int32_t> room_;
};

}  // namespace

SecondMoments SecondMoments::zeros(const InputCodes& codes, int64_t groups, int64_t length,
                                   MomentsKind kind) {
  SecondMoments moments;
  moments.codes = codes;
  moments.groups = groups;
  moments.length = length;
  moments.sum.resize(index(groups * length));
  moments.product.resize(index(groups * length * length));
  if (kind == MomentsKind::kWithFloatInput) {
    moments.difference.resize(moments.sum.size());
    moments.cross.resize(moments.product.size());
  }
  return moments;
}

size_t SecondMoments::size_in_memory(int64_t groups, int64_t length, MomentsKind kind) {
  const size_t sums = index(groups * length) * (index(length) + 1) * sizeof(double);
  return kind == MomentsKind::kInput ? sums : 2 * sums;
}

MomentsSum::MomentsSum(const InputCodes& codes, int64_t groups, int64_t length, MomentsKind kind)
    : moments_(SecondMoments::zeros(codes, groups, length, kind)) {}

Status MomentsSum::add(const RowsOfSample& sample) {
  const size_t elements = index(sample.rows * moments_.groups * moments_.length);
  const bool with_float = moments_.kind() == MomentsKind::kWithFloatInput;
  if (sample.taps * sample.channels != moments_.length || sample.values.size() != elements ||
      sample.float_values.size() != (with_float ? elements : 0)) {
    return invalid_argument(fmt::format(
        "{} rows of {} taps and {} channels with {} and {} values do not fit filters of {}",
        sample.rows, sample.taps, sample.channels, sample.values.size(), sample.float_values.size(),
        moments_.length));
  }
  GroupValues values;
  ZP_RETURN_IF_ERROR(to_codes(sample.values, moments_.codes, values.codes));
  if (with_float) {
    ZP_RETURN_IF_ERROR(
        to_differences(sample.float_values, values.codes, moments_.codes, values.differences));
  }
  {
    const std::lock_guard lock(mutex_);
    ZP_RETURN_IF_ERROR(check_rows(moments_.codes, moments_.rows + sample.rows));
    moments_.rows += sample.rows;
  }
  Adder(moments_, mutex_, sample, values).add();
  return {};
}

SecondMoments MomentsSum::take() {
  const int64_t length = moments_.length;
  for (int64_t g = 0; g < moments_.groups; ++g) {
    double* product = moments_.product.data() + g * length * length;
    for (int64_t i = 0; i < length; ++i) {
      for (int64_t j = 0; j < i; ++j) product[j * length + i] = product[i * length + j];
    }
  }
  return std::move(moments_);
}

Status merge(SecondMoments& moments, const SecondMoments& part) {
  if (moments.codes != part.codes || moments.groups != part.groups ||
      moments.length != part.length || moments.kind() != part.kind()) {
    return invalid_argument("the second moments are of different nodes or codes");
  }
  ZP_RETURN_IF_ERROR(check_rows(moments.codes, moments.rows + part.rows));
  moments.rows += part.rows;
  const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  };
  add(moments.sum, part.sum);
  add(moments.product, part.product);
  add(moments.difference, part.difference);
  add(moments.cross, part.cross);
  return {};
}

}  // namespace zp
