// ONNX's checker, shape inference and schemas, without the warnings of their headers.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/checker.h>                         // IWYU pragma: export
#include <onnx/defs/schema.h>                     // IWYU pragma: export
#include <onnx/shape_inference/implementation.h>  // IWYU pragma: export
#pragma GCC diagnostic pop

#include <exception>
#include <string>

namespace zp {

// What an exception of ONNX says, in one line and without the place in ONNX's source.
std::string onnx_reason(const std::exception& error);

}  // namespace zp
