#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/passes/evaluate_parts.h"

namespace zp::evaluation {
namespace {

// Two operands of one type, broadcast against each other.
struct Pair {
  Tensor a;
  Tensor b;
};

std::optional<Pair> broadcast_operands(const Call& call) {
  const Tensor* a = call.operand(0);
  const Tensor* b = call.operand(1);
  if (!a || !b || a->type() != b->type()) return std::nullopt;
  // Before version 7 of the operators, shapes were aligned by these.
  if (find_attribute(call.node, "broadcast") || find_attribute(call.node, "axis")) {
    return std::nullopt;
  }
  const auto dims = broadcast(a->shape(), b->shape());
  if (!dims) return std::nullopt;
  auto wide_a = expanded(call, *a, *dims);
  auto wide_b = expanded(call, *b, *dims);
  if (!wide_a || !wide_b) return std::nullopt;
  return Pair{*std::move(wide_a), *std::move(wide_b)};
}

// Integers wrap around, as runtimes let them.
template <class T>
T wrapping(auto op, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return op(a, b);
  } else {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(op(static_cast<U>(a), static_cast<U>(b)));
  }
}

template <class Op>
std::optional<Tensor> elementwise(const Call& call, const Op& op) {
  auto pair = broadcast_operands(call);
  if (!pair) return std::nullopt;
  const auto run = [&]<class T>(T) {
    const auto a = pair->a.as<T>();
    const auto b = std::as_const(pair->b).as<T>();
    for (size_t i = 0; i < a.size(); ++i) a[i] = wrapping(op, a[i], b[i]);
    return std::move(pair->a);
  };
  switch (pair->a.type()) {
    case DataType::kFloat:
      return run(float{});
    case DataType::kDouble:
      return run(double{});
    case DataType::kInt32:
      return run(int32_t{});
    case DataType::kInt64:
      return run(int64_t{});
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> add(const Call& call) { return elementwise(call, std::plus<>()); }
std::optional<Tensor> sub(const Call& call) { return elementwise(call, std::minus<>()); }
std::optional<Tensor> mul(const Call& call) { return elementwise(call, std::multiplies<>()); }

std::optional<Tensor> div(const Call& call) {
  auto pair = broadcast_operands(call);
  if (!pair) return std::nullopt;
  const auto run = [&]<class T>(T) -> std::optional<Tensor> {
    const auto a = pair->a.as<T>();
    const auto b = std::as_const(pair->b).as<T>();
    for (size_t i = 0; i < a.size(); ++i) {
      if constexpr (std::is_integral_v<T>) {
        const bool overflows = b[i] == -1 && a[i] == std::numeric_limits<T>::min();
        if (b[i] == 0 || overflows) return std::nullopt;
      }
      a[i] = a[i] / b[i];
    }
    return std::move(pair->a);
  };
  switch (pair->a.type()) {
    case DataType::kFloat:
      return run(float{});
    case DataType::kDouble:
      return run(double{});
    case DataType::kInt32:
      return run(int32_t{});
    case DataType::kInt64:
      return run(int64_t{});
    default:
      return std::nullopt;
  }
}

// For each element of a float or double tensor.
template <class Op>
std::optional<Tensor> for_each_float(const Call& call, const Op& op) {
  if (!call.operand(0) || call.operand(0)->bytes().size() > call.most_bytes) return std::nullopt;
  Tensor value = *call.operand(0);
  if (value.type() == DataType::kFloat) {
    std::ranges::transform(value.as<float>(), value.as<float>().begin(), op);
    return value;
  }
  if (value.type() == DataType::kDouble) {
    std::ranges::transform(value.as<double>(), value.as<double>().begin(), op);
    return value;
  }
  return std::nullopt;
}

std::optional<Tensor> neg(const Call& call) {
  return for_each_float(call, [](auto x) { return -x; });
}
std::optional<Tensor> abs(const Call& call) {
  return for_each_float(call, [](auto x) { return std::abs(x); });
}
std::optional<Tensor> sqrt(const Call& call) {
  return for_each_float(call, [](auto x) { return std::sqrt(x); });
}
std::optional<Tensor> reciprocal(const Call& call) {
  return for_each_float(call, [](auto x) { return decltype(x){1} / x; });
}

// The value as type To; nothing where it does not have that value, as casts then differ.
template <class To, class From>
std::optional<To> cast_element(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    constexpr double kEnd = std::is_same_v<To, int64_t> ? 0x1p63 : 0x1p31;
    if (!(std::abs(static_cast<double>(value)) < kEnd)) return std::nullopt;
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <class To, class From>
std::optional<Tensor> cast_elements(const Call& call, std::span<const From> from) {
  const auto dims = call.operand(0)->shape().dims();
  auto value = result(call, data_type_of<To>(), {dims.begin(), dims.end()});
  if (!value) return std::nullopt;
  const std::span<To> to = value->template as<To>();
  for (size_t i = 0; i < to.size(); ++i) {
    const auto element = cast_element<To>(from[i]);
    if (!element) return std::nullopt;
    to[i] = *element;
  }
  return value;
}

template <class From>
std::optional<Tensor> cast_from(const Call& call, std::span<const From> from, DataType to) {
  switch (to) {
    case DataType::kFloat:
      return cast_elements<float>(call, from);
    case DataType::kDouble:
      return cast_elements<double>(call, from);
    case DataType::kInt32:
      return cast_elements<int32_t>(call, from);
    case DataType::kInt64:
      return cast_elements<int64_t>(call, from);
    case DataType::kBool:
      return cast_elements<bool>(call, from);
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> cast(const Call& call) {
  if (!call.operand(0)) return std::nullopt;
  const Tensor& from = *call.operand(0);
  const auto to = static_cast<DataType>(int_attribute(call.node, "to", 0));
  if (to == from.type() && from.bytes().size() <= call.most_bytes) return from;
  switch (from.type()) {
    case DataType::kFloat:
      return cast_from(call, from.as<float>(), to);
    case DataType::kDouble:
      return cast_from(call, from.as<double>(), to);
    case DataType::kInt32:
      return cast_from(call, from.as<int32_t>(), to);
    case DataType::kInt64:
      return cast_from(call, from.as<int64_t>(), to);
    case DataType::kUint8:
    case DataType::kBool:
      return cast_from(call, from.as<uint8_t>(), to);
    case DataType::kInt8:
      return cast_from(call, from.as<int8_t>(), to);
    case DataType::kFloat16:
    case DataType::kBfloat16: {
      const auto floats = to_floats(from);
      if (!floats) return std::nullopt;
      return cast_from(call, std::span<const float>(*floats), to);
    }
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> equal(const Call& call) {
  const auto pair = broadcast_operands(call);
  if (!pair) return std::nullopt;
  const auto dims = pair->a.shape().dims();
  auto value = result(call, DataType::kBool, {dims.begin(), dims.end()});
  if (!value) return std::nullopt;
  const auto run = [&]<class T>(T) {
    const auto a = pair->a.as<T>();
    const auto b = pair->b.as<T>();
    for (size_t i = 0; i < a.size(); ++i) value->as<bool>()[i] = a[i] == b[i];
    return value;
  };
  switch (pair->a.type()) {
    case DataType::kInt32:
      return run(int32_t{});
    case DataType::kInt64:
      return run(int64_t{});
    case DataType::kFloat:
      return run(float{});
    default:
      return std::nullopt;
  }
}

std::optional<Tensor> where(const Call& call) {
  const Tensor* condition = call.operand(0);
  const Tensor* a = call.operand(1);
  const Tensor* b = call.operand(2);
  if (!condition || !a || !b || a->type() != b->type() || condition->type() != DataType::kBool) {
    return std::nullopt;
  }
  auto dims = broadcast(a->shape(), b->shape());
  if (!dims) return std::nullopt;
  const auto shape = Shape::make(*dims);
  if (!shape) return std::nullopt;
  dims = broadcast(*shape, condition->shape());
  if (!dims) return std::nullopt;
  const auto wide = expanded(call, *condition, *dims);
  auto value = expanded(call, *a, *dims);
  const auto other = expanded(call, *b, *dims);
  if (!wide || !value || !other) return std::nullopt;
  const auto width = static_cast<size_t>(bits(a->type()) / 8);
  for (size_t i = 0; i < static_cast<size_t>(wide->size()); ++i) {
    if (wide->as<uint8_t>()[i] != 0) continue;
    std::copy_n(other->bytes().begin() + static_cast<ptrdiff_t>(i * width), width,
                value->bytes().begin() + static_cast<ptrdiff_t>(i * width));
  }
  return value;
}

struct Entry {
  std::string_view op;
  Evaluator evaluator;
};

constexpr std::array kComputers{
    Entry{"Abs", abs},     Entry{"Add", add},
    Entry{"Cast", cast},   Entry{"Div", div},
    Entry{"Equal", equal}, Entry{"Mul", mul},
    Entry{"Neg", neg},     Entry{"Reciprocal", reciprocal},
    Entry{"Sqrt", sqrt},   Entry{"Sub", sub},
    Entry{"Where", where},
};

}  // namespace

Evaluator find_computer(std::string_view op_type) {
  const auto* found = std::ranges::find(kComputers, op_type, &Entry::op);
  return found == kComputers.end() ? nullptr : found->evaluator;
}

}  // namespace zp::evaluation
