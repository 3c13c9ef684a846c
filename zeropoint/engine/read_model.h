// From an ONNX model to an ov::Model whose inputs and outputs are known by their ONNX names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <openvino/core/model.hpp>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"

namespace zp {

// Names of the ONNX model's values, and where they are in `model`.
struct ReadModel {
  struct Place {
    std::string name;
    size_t index = 0;  // into model->inputs() or model->outputs(), and those of a compiled model
  };

  std::shared_ptr<ov::Model> model;
  std::vector<Place> inputs;         // all that are no initializers, in the ONNX model's order
  std::vector<Place> outputs;        // in the ONNX model's order
  std::vector<Place> extra_outputs;  // in the order of the options
  std::vector<std::pair<std::string, ov::Output<ov::Node>>> watched;  // likewise
};

// Reads the model and adds the extra outputs. Errors as Engine::compile says, without the model's
// name. OpenVINO's exceptions come through.
Result<ReadModel> read_model(const EngineSource& source,
                             const std::vector<std::string>& extra_outputs,
                             const std::vector<std::string>& watched);

// Gives the inputs the shapes of EngineOptions. Errors and exceptions as above; also where an input
// has no known rank in the end.
Status set_input_shapes(const ReadModel& read,
                        const std::map<std::string, std::vector<int64_t>>& input_shapes);

}  // namespace zp
