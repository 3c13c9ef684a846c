#include "zeropoint/engine/compiled_variants.h"

#include <algorithm>
#include <map>
#include <openvino/core/except.hpp>

namespace zp {
namespace {

// Every batch size that is kept takes the memory of a compiled model.
constexpr size_t kMostEntries = 4;

}  // namespace

bool runs_with_fixed_shapes(const ov::Model& model) {
  return std::ranges::all_of(model.inputs(), [](const ov::Output<const ov::Node>& input) {
    const ov::PartialShape& shape = input.get_partial_shape();
    return shape.is_static() ||
           (shape.rank().is_static() && shape.size() > 0 &&
            std::all_of(shape.begin() + 1, shape.end(),
                        [](const ov::Dimension& dim) { return dim.is_static(); }));
  });
}

CompiledVariants::CompiledVariants(std::shared_ptr<ov::Model> model, ov::AnyMap properties,
                                   int requests, WeightSharing weights)
    : properties_(std::move(properties)), requests_(requests), weights_(weights) {
  if (!model->is_dynamic() || !runs_with_fixed_shapes(*model)) {
    first_ = compile(model);
    return;
  }
  model_ = std::move(model);
  std::vector<ov::Shape> shapes;
  for (const auto& input : model_->inputs()) {
    shapes.push_back(input.get_partial_shape().get_min_shape());
    if (input.get_partial_shape().is_dynamic()) shapes.back()[0] = 1;
  }
  first_ = for_shapes(shapes);
}

std::shared_ptr<CompiledVariant> CompiledVariants::for_shapes(
    const std::vector<ov::Shape>& shapes) {
  if (!model_) return first_;
  BatchSizes sizes;
  for (const ov::Shape& shape : shapes) sizes.push_back(shape.empty() ? 1 : shape[0]);
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(entries_, sizes, &Entry::sizes);
  Entry entry = found != entries_.end() ? *found : Entry{sizes, compile_fixed(sizes)};
  if (found != entries_.end()) {
    entries_.erase(found);
  } else if (entries_.size() == kMostEntries) {
    entries_.pop_back();  // a request that is running has its own share in it
  }
  return entries_.emplace_front(std::move(entry)).variant;
}

// A model may hold numbers that fit some batch sizes alone, or be run without samples: what cannot
// be compiled for fixed shapes runs with an open batch.
std::shared_ptr<CompiledVariant> CompiledVariants::compile_fixed(const BatchSizes& sizes) {
  if (std::ranges::count(sizes, size_t{0}) != 0) return with_open_batch();
  try {
    const auto fixed = model_->clone();
    std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
    for (size_t i = 0; i < sizes.size(); ++i) {
      ov::PartialShape shape = fixed->input(i).get_partial_shape();
      if (shape.is_static()) continue;
      shape[0] = static_cast<int64_t>(sizes[i]);
      shapes.emplace(fixed->input(i), shape);
    }
    fixed->reshape(shapes);
    return compile(fixed);
  } catch (const ov::Exception&) {
    return with_open_batch();
  }
}

const std::shared_ptr<CompiledVariant>& CompiledVariants::with_open_batch() {
  if (!with_open_batch_) with_open_batch_ = compile(model_);
  return with_open_batch_;
}

std::shared_ptr<CompiledVariant> CompiledVariants::compile(
    const std::shared_ptr<ov::Model>& model) {
  auto variant = std::make_shared<CompiledVariant>();
  for (int i = 0; i < requests_; ++i) {
    if (i == 0 || weights_ == WeightSharing::kApart) {
      variant->models.push_back(core_.compile_model(model, "CPU", properties_));
    }
    variant->requests.push_back(variant->models.back().create_infer_request());
  }
  return variant;
}

}  // namespace zp
