#include "zeropoint/data/fit_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

// Elements of the two half types, which C++ has no number type for.
struct Half {
  uint16_t code;
};
struct Brain {
  uint16_t code;
};

template <class T>
constexpr DataType type_of() {
  if constexpr (std::is_same_v<T, Half>) return DataType::kFloat16;
  if constexpr (std::is_same_v<T, Brain>) return DataType::kBfloat16;
  return data_type_of<T>();
}

// Calls visit with a value of the one among Ts that stands for `type`, if there is one.
template <class... Ts>
void with_one_of(DataType type, auto&& visit) {
  (void)((type == type_of<Ts>() && (visit(Ts()), true)) || ...);
}
// The same for all number types.
void with_element(DataType type, auto&& visit) {
  with_one_of<float, double, Half, Brain, uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t,
              uint64_t, int64_t>(type, visit);
}

template <class T>
constexpr bool kIsFloating =
    std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, Brain>;

// Binary digits of the integers that the type holds without a gap.
template <class T>
constexpr int digits() {
  if constexpr (std::is_same_v<T, Half>) return 11;
  if constexpr (std::is_same_v<T, Brain>) return 8;
  return std::numeric_limits<T>::digits;
}

template <class From, class To>
constexpr bool converts_type() {
  if constexpr (std::is_same_v<From, To>) return true;
  if constexpr (kIsFloating<From>) return kIsFloating<To>;
  if constexpr (std::is_signed_v<From> && std::is_unsigned_v<To>) return false;
  return digits<From>() <= digits<To>();
}

double number(auto element) { return static_cast<double>(element); }
double number(Half element) { return decode(kFloat16, element.code); }
double number(Brain element) { return decode(kBfloat16, element.code); }

template <class To>
To rounded(double value) {
  if constexpr (std::is_same_v<To, Half>) {
    return {static_cast<uint16_t>(encode(kFloat16, value, Overflow::kToInfinity))};
  } else if constexpr (std::is_same_v<To, Brain>) {
    return {static_cast<uint16_t>(encode(kBfloat16, value, Overflow::kToInfinity))};
  } else {
    return static_cast<To>(value);
  }
}

template <class From, class To>
Status convert_elements(const Tensor& from, DataType type, std::span<std::byte> bytes) {
  const auto source = from.as<From>();
  To* target = reinterpret_cast<To*>(bytes.data());
  for (size_t i = 0; i < source.size(); ++i) {
    if constexpr (kIsFloating<From>) {
      const double value = number(source[i]);
      target[i] = rounded<To>(value);
      if (std::isfinite(value) && !std::isfinite(number(target[i]))) {
        return invalid_data(
            fmt::format("element {} is {}, beyond what {} holds", i, value, name(type)));
      }
    } else if constexpr (kIsFloating<To>) {
      target[i] = rounded<To>(number(source[i]));  // exact: converts_type has seen to it
    } else {
      target[i] = To{source[i]};  // widens
    }
  }
  return {};
}

// Requires converts(from.type(), type) and different types.
Result<Tensor> convert(const Tensor& from, DataType type) {
  ZP_ASSIGN_OR_RETURN(Tensor to, Tensor::zeros(type, from.shape()));
  Status status;
  with_element(from.type(), [&](auto from_element) {
    with_element(type, [&](auto to_element) {
      using From = decltype(from_element);
      using To = decltype(to_element);
      if constexpr (converts_type<From, To>()) {
        status = convert_elements<From, To>(from, type, to.bytes());
      }
    });
  });
  ZP_RETURN_IF_ERROR(status);
  return to;
}

Status refuse_nan(const Tensor& tensor) {
  size_t nan = 0;
  bool found = false;
  with_element(tensor.type(), [&](auto element) {
    using T = decltype(element);
    if constexpr (kIsFloating<T>) {
      const auto elements = tensor.as<T>();
      const auto at = std::ranges::find_if(elements, [](T e) { return std::isnan(number(e)); });
      found = at != elements.end();
      nan = static_cast<size_t>(at - elements.begin());
    }
  });
  if (found) return invalid_data(fmt::format("contains NaN at element {}", nan));
  return {};
}

bool dims_fit(std::span<const int64_t> dims, std::span<const int64_t> wanted) {
  return std::ranges::equal(dims, wanted,
                            [](int64_t dim, int64_t want) { return want < 0 || want == dim; });
}

// What to do about a shape that does not fit.
std::string shape_advice(const Shape& from, const InputSpec& input) {
  const auto rank = static_cast<size_t>(from.rank());
  const std::span<const int64_t> wanted = input.dims;
  const bool rows =
      rank > 0 && ((rank == wanted.size() && dims_fit(from.dims().subspan(1), wanted.subspan(1))) ||
                   (rank == wanted.size() + 1 && dims_fit(from.dims().subspan(1), wanted)));
  if (rows) return "; if its axis 0 holds many samples, say --rows";
  if (rank + 1 == wanted.size() && dims_fit(from.dims(), wanted.subspan(1))) {
    return fmt::format("; a run takes {} samples, stacked along axis 0", wanted[0]);
  }
  return "; one file is one run of the model";
}

std::string got(DataType type, const Shape& shape, const InputSpec& input) {
  return fmt::format("expected {}, got {} {}", to_string(input), name(type), shape.to_string());
}

}  // namespace

bool converts(DataType from, DataType to) {
  bool answer = from == to;
  with_element(from, [&](auto from_element) {
    with_element(to, [&](auto to_element) {
      answer = converts_type<decltype(from_element), decltype(to_element)>();
    });
  });
  return answer;
}

Result<Shape> fed_shape(DataType type, const Shape& from, const InputSpec& input) {
  if (!input.has_rank) return from;
  std::vector<int64_t> dims(from.dims().begin(), from.dims().end());
  if (dims.size() + 1 == input.dims.size()) dims.insert(dims.begin(), 1);
  if (!dims_fit(dims, input.dims)) {
    return invalid_data(got(type, from, input) + shape_advice(from, input));
  }
  return Shape::make(std::move(dims));
}

Result<Tensor> fit_input(Tensor array, const InputSpec& input) {
  ZP_ASSIGN_OR_RETURN(Shape shape, fed_shape(array.type(), array.shape(), input));
  if (!converts(array.type(), input.type)) {
    return invalid_data(fmt::format("{}; save it as {}", got(array.type(), array.shape(), input),
                                    name(input.type)));
  }
  if (array.type() != input.type) {
    ZP_ASSIGN_OR_RETURN(array, convert(array, input.type));
  }
  ZP_RETURN_IF_ERROR(refuse_nan(array));
  if (shape == array.shape()) return array;
  const auto bytes = array.bytes();
  return Tensor::make(input.type, std::move(shape), {bytes.begin(), bytes.end()});
}

}  // namespace zp
