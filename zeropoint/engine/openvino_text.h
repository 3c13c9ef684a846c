// What OpenVINO says, in this project's words.
#pragma once

#include <openvino/core/type/element_type.hpp>
#include <string>
#include <string_view>

#include "zeropoint/graph/data_type.h"

namespace zp {

// kUndefined where ONNX or this project has no such type.
DataType to_data_type(const ov::element::Type& type);
// ov::element::dynamic where OpenVINO has no such type.
ov::element::Type to_openvino(DataType type);

// An exception's text as one line: without the places in OpenVINO's sources and the frames around
// the cause, and no longer than a terminal's few lines.
std::string one_line(std::string_view what);

}  // namespace zp
