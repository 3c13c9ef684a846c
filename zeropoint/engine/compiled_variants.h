// A model compiled for the shapes that it is run with.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <openvino/core/model.hpp>
#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/infer_request.hpp>
#include <vector>

namespace zp {

// Whether nothing but batch sizes (axis 0 of inputs) is open in the model.
bool runs_with_fixed_shapes(const ov::Model& model);

enum class WeightSharing {
  kShared,  // all requests use one copy
  kApart,   // each request is compiled, with its own
};

struct CompiledVariant {
  std::vector<ov::CompiledModel> models;  // one, or one for each request
  std::vector<ov::InferRequest> requests;
};

// OpenVINO runs a fixed shape up to twice as fast as the same one in a model whose batch is open.
// So a model of which nothing but batch sizes is open is compiled for each that it meets; any other
// model once, as it is. Which variant runs depends on the shapes alone, never
// on what ran before, so that results do not either. OpenVINO's exceptions come through.
class CompiledVariants {
 public:
  // Compiles for batches of 1, or as the model is, so that errors show at once.
  CompiledVariants(std::shared_ptr<ov::Model> model, ov::AnyMap properties, int requests,
                   WeightSharing weights);

  // The variant for inputs of these shapes, which fit the model, in its order of parameters. May be
  // called by several threads at once.
  std::shared_ptr<CompiledVariant> for_shapes(const std::vector<ov::Shape>& shapes);
  // The one compiled first.
  const CompiledVariant& first() const { return *first_; }

 private:
  using BatchSizes = std::vector<size_t>;  // of all inputs
  struct Entry {
    BatchSizes sizes;
    std::shared_ptr<CompiledVariant> variant;
  };
  std::shared_ptr<CompiledVariant> compile(const std::shared_ptr<ov::Model>& model);
  std::shared_ptr<CompiledVariant> compile_fixed(const BatchSizes& sizes);
  const std::shared_ptr<CompiledVariant>& with_open_batch();

  ov::Core core_;
  ov::AnyMap properties_;
  int requests_;
  WeightSharing weights_;
  std::shared_ptr<ov::Model> model_;  // nullptr where it is compiled once
  std::shared_ptr<CompiledVariant> first_;

  std::mutex mutex_;           // guards what follows
  std::deque<Entry> entries_;  // the last used ones, newest first
  std::shared_ptr<CompiledVariant> with_open_batch_;
};

}  // namespace zp
