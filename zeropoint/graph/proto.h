// ONNX's protobuf messages, without the warnings of their generated header.
#pragma once

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <onnx/onnx_pb.h>  // IWYU pragma: export
#pragma GCC diagnostic pop
