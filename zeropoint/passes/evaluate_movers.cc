#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/passes/evaluate_parts.h"

namespace zp::evaluation {
namespace {

using Dims = std::vector<int64_t>;

Dims dims_of(const Tensor& tensor) {
  return {tensor.shape().dims().begin(), tensor.shape().dims().end()};
}

// Of a dense tensor: how far apart neighbours along each axis lie.
Dims strides_of(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

std::optional<Tensor> reshaped(const Call& call, Dims dims) {
  const Tensor& from = *call.operand(0);
  if (from.bytes().size() > call.most_bytes) return std::nullopt;
  auto shape = Shape::make(std::move(dims));
  if (!shape) return std::nullopt;
  auto value =
      Tensor::make(from.type(), *std::move(shape), {from.bytes().begin(), from.bytes().end()});
  if (!value) return std::nullopt;
  return *std::move(value);
}

// The axes from the attribute or from input 1; nothing where they are neither.
std::optional<Dims> axes_of(const Call& call) {
  if (auto axes = ints_attribute(call.node, "axes")) return axes;
  return integers(call.operand(1));
}

// Each axis counted from 0; nothing where one is outside of `rank` or named twice.
std::optional<std::vector<bool>> marked(const Dims& axes, int rank) {
  std::vector<bool> marks(static_cast<size_t>(rank));
  for (const int64_t axis : axes) {
    const auto normal = normalize_axis(axis, rank);
    if (!normal || marks[static_cast<size_t>(*normal)]) return std::nullopt;
    marks[static_cast<size_t>(*normal)] = true;
  }
  return marks;
}

std::optional<Tensor> identity(const Call& call) {
  return call.operand(0) ? reshaped(call, dims_of(*call.operand(0))) : std::nullopt;
}

std::optional<Tensor> reshape(const Call& call) {
  auto wanted = ints_attribute(call.node, "shape");
  if (!wanted) wanted = integers(call.operand(1));
  if (!call.operand(0) || !wanted) return std::nullopt;
  const Dims old = dims_of(*call.operand(0));
  const bool keeps_zero = int_attribute(call.node, "allowzero", 0) != 0;
  std::optional<size_t> open;
  int64_t product = 1;
  for (size_t i = 0; i < wanted->size(); ++i) {
    auto& dim = (*wanted)[i];
    if (dim == 0 && !keeps_zero) {
      if (i >= old.size()) return std::nullopt;
      dim = old[i];
    }
    if (dim < -1 || (dim == -1 && open)) return std::nullopt;
    if (dim == -1) {
      open = i;
    } else if (__builtin_mul_overflow(product, dim, &product)) {
      return std::nullopt;
    }
  }
  if (open) {
    if (product == 0 || call.operand(0)->size() % product != 0) return std::nullopt;
    (*wanted)[*open] = call.operand(0)->size() / product;
  }
  return reshaped(call, *std::move(wanted));
}

std::optional<Tensor> flatten(const Call& call) {
  if (!call.operand(0)) return std::nullopt;
  const Dims dims = dims_of(*call.operand(0));
  int64_t axis = int_attribute(call.node, "axis", 1);
  const auto rank = static_cast<int64_t>(dims.size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return std::nullopt;
  const auto middle = dims.begin() + axis;
  const auto product = [](auto begin, auto end) {
    return std::accumulate(begin, end, int64_t{1}, std::multiplies<>());
  };
  return reshaped(call, {product(dims.begin(), middle), product(middle, dims.end())});
}

std::optional<Tensor> squeeze(const Call& call) {
  if (!call.operand(0)) return std::nullopt;
  const Dims old = dims_of(*call.operand(0));
  const bool all = !find_attribute(call.node, "axes") && !call.operand(1);
  const auto axes = all ? Dims() : axes_of(call);
  if (!axes) return std::nullopt;
  const auto marks = marked(*axes, static_cast<int>(old.size()));
  if (!marks) return std::nullopt;
  Dims dims;
  for (size_t i = 0; i < old.size(); ++i) {
    const bool goes = all ? old[i] == 1 : (*marks)[i];
    if (goes && old[i] != 1) return std::nullopt;
    if (!goes) dims.push_back(old[i]);
  }
  return reshaped(call, std::move(dims));
}

std::optional<Tensor> unsqueeze(const Call& call) {
  const auto axes = axes_of(call);
  if (!call.operand(0) || !axes) return std::nullopt;
  const Dims old = dims_of(*call.operand(0));
  const auto marks = marked(*axes, static_cast<int>(old.size() + axes->size()));
  if (!marks) return std::nullopt;
  Dims dims;
  auto next = old.begin();
  for (const bool is_new : *marks) dims.push_back(is_new ? 1 : *next++);
  return reshaped(call, std::move(dims));
}

std::optional<Tensor> transpose(const Call& call) {
  if (!call.operand(0)) return std::nullopt;
  const Dims old = dims_of(*call.operand(0));
  const Dims old_strides = strides_of(old);
  Dims perm(old.size());
  for (size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<int64_t>(perm.size() - 1 - i);
  perm = ints_attribute(call.node, "perm").value_or(perm);
  if (perm.size() != old.size() || !marked(perm, static_cast<int>(old.size()))) {
    return std::nullopt;
  }
  Dims dims;
  Dims strides;
  for (const int64_t axis : perm) {
    if (axis < 0) return std::nullopt;
    dims.push_back(old[static_cast<size_t>(axis)]);
    strides.push_back(old_strides[static_cast<size_t>(axis)]);
  }
  return strided(call, *call.operand(0), dims, strides, 0);
}

std::optional<Tensor> slice(const Call& call) {
  if (!call.operand(0)) return std::nullopt;
  const bool as_inputs = call.operand(1) != nullptr;
  const auto list = [&](const char* attribute, size_t input) {
    return as_inputs ? integers(call.operand(input)) : ints_attribute(call.node, attribute);
  };
  const auto starts = list("starts", 1);
  const auto ends = list("ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) return std::nullopt;
  Dims axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (as_inputs ? call.operand(3) != nullptr : find_attribute(call.node, "axes") != nullptr) {
    const auto given = list("axes", 3);
    if (!given) return std::nullopt;
    axes = *given;
  }
  Dims steps(starts->size(), 1);
  if (call.operand(4)) {
    const auto given = integers(call.operand(4));
    if (!given) return std::nullopt;
    steps = *given;
  }
  Dims dims = dims_of(*call.operand(0));
  Dims strides = strides_of(dims);
  if (axes.size() != starts->size() || steps.size() != starts->size() ||
      !marked(axes, static_cast<int>(dims.size()))) {
    return std::nullopt;
  }
  int64_t offset = 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(*normalize_axis(axes[i], static_cast<int>(dims.size())));
    const int64_t size = dims[axis];
    const int64_t step = steps[i];
    if (step == 0 || step == INT64_MIN) return std::nullopt;
    // As the operator's text has it: negative ends count from the end, then everything is clamped
    // to what the axis has, for a negative step to one before its begin.
    const auto clamped = [&](int64_t position) {
      if (position < 0) position += size;
      return step > 0 ? std::clamp(position, int64_t{0}, size)
                      : std::clamp(position, int64_t{-1}, size - 1);
    };
    const int64_t start =
        step > 0 ? clamped((*starts)[i]) : std::max(clamped((*starts)[i]), int64_t{0});
    const int64_t end = clamped((*ends)[i]);
    const int64_t length = step > 0 ? end - start : start - end;
    const int64_t stride = step > 0 ? step : -step;
    dims[axis] = size == 0 || length <= 0 ? 0 : (length - 1) / stride + 1;
    if (dims[axis] > 0) offset += start * strides[axis];
    // A stride that is not walked may be anything; the product would overflow.
    strides[axis] = dims[axis] > 1 ? strides[axis] * step : 0;
  }
  return strided(call, *call.operand(0), dims, strides, offset);
}

std::optional<Tensor> gather(const Call& call) {
  const auto indices = integers(call.operand(1));
  if (!call.operand(0) || !indices) return std::nullopt;
  const Tensor& data = *call.operand(0);
  if (bits(data.type()) < 8) return std::nullopt;
  const auto split = split_at_axis(data.shape(), int_attribute(call.node, "axis", 0));
  const auto axis = normalize_axis(int_attribute(call.node, "axis", 0), data.shape().rank());
  if (!split || !axis) return std::nullopt;
  Dims dims = dims_of(data);
  const Dims inserted = dims_of(*call.operand(1));
  dims.erase(dims.begin() + *axis);
  dims.insert(dims.begin() + *axis, inserted.begin(), inserted.end());
  auto value = result(call, data.type(), dims);
  if (!value) return std::nullopt;
  const auto run = static_cast<size_t>(split->inner) * static_cast<size_t>(bits(data.type()) / 8);
  auto* to = value->bytes().data();
  for (int64_t outer = 0; outer < split->outer; ++outer) {
    for (int64_t index : *indices) {
      if (index < 0) index += split->axis;
      if (index < 0 || index >= split->axis) return std::nullopt;
      if (run == 0) continue;
      std::memcpy(to, data.bytes().data() + static_cast<size_t>(outer * split->axis + index) * run,
                  run);
      to += run;
    }
  }
  return value;
}

std::optional<Tensor> concat(const Call& call) {
  const Tensor* first = call.operand(0);
  if (!first || bits(first->type()) < 8) return std::nullopt;
  const auto axis = normalize_axis(int_attribute(call.node, "axis", 1), first->shape().rank());
  if (!axis) return std::nullopt;
  Dims dims = dims_of(*first);
  const auto at = static_cast<size_t>(*axis);
  dims[at] = 0;
  for (const Tensor* tensor : call.operands) {
    if (!tensor || tensor->type() != first->type()) return std::nullopt;
    Dims other = dims_of(*tensor);
    if (other.size() != dims.size()) return std::nullopt;
    dims[at] += other[at];
    other[at] = dims[at];
    if (other != dims) return std::nullopt;
  }
  auto value = result(call, first->type(), dims);
  if (!value) return std::nullopt;
  const int64_t outer =
      std::accumulate(dims.begin(), dims.begin() + *axis, int64_t{1}, std::multiplies<>());
  auto* to = value->bytes().data();
  for (int64_t i = 0; i < outer; ++i) {
    for (const Tensor* tensor : call.operands) {
      const size_t run = tensor->bytes().size() / static_cast<size_t>(outer);
      if (run > 0) std::memcpy(to, tensor->bytes().data() + static_cast<size_t>(i) * run, run);
      to += run;
    }
  }
  return value;
}

std::optional<Tensor> expand(const Call& call) {
  const auto wanted = integers(call.operand(1));
  if (!call.operand(0) || !wanted) return std::nullopt;
  const auto shape = Shape::make(*wanted);
  if (!shape) return std::nullopt;
  const auto dims = broadcast(call.operand(0)->shape(), *shape);
  return dims ? expanded(call, *call.operand(0), *dims) : std::nullopt;
}

std::optional<Tensor> constant_of_shape(const Call& call) {
  const auto dims = integers(call.operand(0));
  if (!dims) return std::nullopt;
  const auto* attribute = find_attribute(call.node, "value");
  if (!attribute) return result(call, DataType::kFloat, *dims);
  const auto element = tensor_in_message(attribute->t());
  if (!element || element->size() != 1) return std::nullopt;
  return expanded(call, *element, *dims);
}

std::optional<Tensor> range(const Call& call) {
  const auto start = integers(call.operand(0));
  const auto limit = integers(call.operand(1));
  const auto delta = integers(call.operand(2));
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 ||
      delta->size() != 1 || call.operand(0)->type() != DataType::kInt64 || delta->front() == 0) {
    return std::nullopt;
  }
  int64_t distance = 0;
  if (__builtin_sub_overflow(limit->front(), start->front(), &distance)) return std::nullopt;
  if (delta->front() == INT64_MIN) return std::nullopt;
  const bool forward = delta->front() > 0;
  if (!forward && __builtin_sub_overflow(int64_t{0}, distance, &distance)) return std::nullopt;
  const int64_t step = forward ? delta->front() : -delta->front();
  auto value = result(call, DataType::kInt64, {distance <= 0 ? 0 : (distance - 1) / step + 1});
  if (!value) return std::nullopt;
  int64_t element = start->front();
  for (int64_t& to : value->as<int64_t>()) {
    to = element;
    // Past the last element this may wrap; nobody reads it then.
    element = static_cast<int64_t>(static_cast<uint64_t>(element) +
                                   static_cast<uint64_t>(delta->front()));
  }
  return value;
}

struct Entry {
  std::string_view op;
  Evaluator evaluator;
};

constexpr std::array kMovers{
    Entry{"Concat", concat},       Entry{"ConstantOfShape", constant_of_shape},
    Entry{"Expand", expand},       Entry{"Flatten", flatten},
    Entry{"Gather", gather},       Entry{"Identity", identity},
    Entry{"Range", range},         Entry{"Reshape", reshape},
    Entry{"Slice", slice},         Entry{"Squeeze", squeeze},
    Entry{"Transpose", transpose}, Entry{"Unsqueeze", unsqueeze},
};

}  // namespace

Evaluator find_mover(std::string_view op_type) {
  const auto* found = std::ranges::find(kMovers, op_type, &Entry::op);
  return found == kMovers.end() ? nullptr : found->evaluator;
}

std::optional<Tensor> result(const Call& call, DataType type, std::vector<int64_t> dims) {
  auto shape = Shape::make(std::move(dims));
  if (!shape) return std::nullopt;
  const auto bytes = byte_size(type, *shape);
  if (!bytes || *bytes > call.most_bytes) return std::nullopt;
  return Tensor::zeros(type, *std::move(shape)).value();
}

std::optional<std::vector<int64_t>> integers(const Tensor* tensor) {
  if (!tensor) return std::nullopt;
  if (tensor->type() == DataType::kInt64) {
    const auto elements = tensor->as<int64_t>();
    return std::vector<int64_t>(elements.begin(), elements.end());
  }
  if (tensor->type() == DataType::kInt32) {
    const auto elements = tensor->as<int32_t>();
    return std::vector<int64_t>(elements.begin(), elements.end());
  }
  return std::nullopt;
}

std::optional<Tensor> strided(const Call& call, const Tensor& from, const Dims& dims,
                              const Dims& strides, int64_t offset) {
  const int width = bits(from.type()) / 8;
  if (width == 0) return std::nullopt;
  auto value = result(call, from.type(), dims);
  if (!value) return std::nullopt;
  const auto bytes = static_cast<size_t>(width);
  Dims position(dims.size());
  int64_t element = offset;
  for (int64_t i = 0; i < value->size(); ++i) {
    std::memcpy(value->bytes().data() + static_cast<size_t>(i) * bytes,
                from.bytes().data() + static_cast<size_t>(element) * bytes, bytes);
    for (size_t axis = dims.size(); axis-- > 0;) {
      element += strides[axis];
      if (++position[axis] < dims[axis]) break;
      element -= strides[axis] * dims[axis];
      position[axis] = 0;
    }
  }
  return value;
}

std::optional<Tensor> expanded(const Call& call, const Tensor& from, const Dims& dims) {
  const Dims old = dims_of(from);
  const Dims old_strides = strides_of(old);
  if (old.size() > dims.size()) return std::nullopt;
  const size_t ahead = dims.size() - old.size();
  Dims strides(dims.size(), 0);
  for (size_t i = 0; i < old.size(); ++i) {
    if (old[i] != 1 && old[i] != dims[ahead + i]) return std::nullopt;
    if (old[i] != 1) strides[ahead + i] = old_strides[i];
  }
  return strided(call, from, dims, strides, 0);
}

std::optional<Dims> broadcast(const Shape& a, const Shape& b) {
  Dims dims(static_cast<size_t>(std::max(a.rank(), b.rank())), 1);
  for (const Shape* shape : {&a, &b}) {
    const size_t ahead = dims.size() - shape->dims().size();
    for (size_t i = 0; i < shape->dims().size(); ++i) {
      auto& dim = dims[ahead + i];
      const int64_t other = shape->dims()[i];
      if (dim != other && dim != 1 && other != 1) return std::nullopt;
      if (dim == 1) dim = other;
    }
  }
  return dims;
}

}  // namespace zp::evaluation
