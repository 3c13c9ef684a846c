// A model file made ready: read, checked, prepared; what calibrate, plan and quantize begin with.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/passes/prepare.h"
#include "zeropoint/plan/plan.h"

namespace zp {

struct PreparedModel {
  Model model;  // after the exact passes
  ValueInfos values;
  PrepareReport report;
  Hash128 source_hash;     // of the model as it was
  Hash128 hash;            // of the model as it is
  size_t source_size = 0;  // bytes of the file and its external data
};

// Errors name the file and what is wrong in it: unreadable, not ONNX, a cycle, a value that nothing
// makes, refused by ONNX's checker, quantized already.
Result<PreparedModel> prepare_model(const std::filesystem::path& path,
                                    const PrepareOptions& options);

// The same model, rewritten so. Errors name what does not fit it.
Result<PreparedModel> rewritten(const PreparedModel& prepared, const Rewrites& rewrites);

// The node that shows that a model is quantized already ("QuantizeLinear node "x""), or "".
std::string quantized_node(const onnx::ModelProto& model);

// Bytes of the files at `path`: the model and its external data.
Result<size_t> size_on_disk(const Model& model, const std::filesystem::path& path);

}  // namespace zp
