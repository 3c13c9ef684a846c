// Small models for tests, written as text in ONNX's own syntax (onnx/docs/Syntax.md):
//
//   <ir_version: 8, opset_import: ["" : 13]>
//   name (float[N,3] x) => (float[N,3] y) <float[3] w = {1, 2, 3}> { y = Mul(x, w) }
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "zeropoint/graph/proto.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/defs/parser.h>
#pragma GCC diagnostic pop

namespace zp {

inline constexpr const char* kOnnxTextHead = R"(<ir_version: 8, opset_import: ["" : 13]> )";

// The text says the whole model, or begins with the graph's name and is a model of opset 13.
inline onnx::ModelProto onnx_model(const std::string& text) {
  onnx::ModelProto model;
  const auto status =
      onnx::OnnxParser::Parse(model, (text.starts_with('<') ? text : kOnnxTextHead + text).c_str());
  if (!status.IsOK()) ADD_FAILURE() << status.ErrorMessage();
  return model;
}

}  // namespace zp
