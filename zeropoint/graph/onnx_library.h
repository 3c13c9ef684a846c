// ONNX's checker, shape inference and schemas, without the warnings of their headers.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/checker.h>                         // IWYU pragma: export
#include <onnx/defs/schema.h>                     // IWYU pragma: export
#include <onnx/shape_inference/implementation.h>  // IWYU pragma: export
#pragma GCC diagnostic pop
