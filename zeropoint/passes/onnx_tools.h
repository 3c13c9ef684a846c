// ONNX's inliner and version converter, without the warnings of their headers.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/inliner/inliner.h>            // IWYU pragma: export
#include <onnx/version_converter/convert.h>  // IWYU pragma: export
#pragma GCC diagnostic pop
