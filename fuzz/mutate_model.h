// Changes that leave a model one: bytes changed at random hardly ever pass ONNX's checker.
#pragma once

#include <random>

#include "zeropoint/graph/proto.h"

namespace zp {

// Makes one small change somewhere in the model: another input, operator or attribute, a node more
// or less, another dimension, element, operator set or default input.
void mutate_model(onnx::ModelProto& model, std::minstd_rand& random);

}  // namespace zp
