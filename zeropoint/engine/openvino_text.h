// What OpenVINO says and gives, in this project's words.
#pragma once

#include <openvino/core/node.hpp>
#include <openvino/core/type/element_type.hpp>
#include <openvino/runtime/tensor.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/graph/data_type.h"

namespace zp {

// kUndefined where ONNX or this project has no such type.
DataType to_data_type(const ov::element::Type& type);
// ov::element::dynamic where OpenVINO has no such type.
ov::element::Type to_openvino(DataType type);

// The tensor, which lives on, as a view.
Result<OutputView> view_of(const ov::Tensor& tensor, AxisOrder order);

// An exception's text as one line: without the places in OpenVINO's sources and the frames around
// the cause, and no longer than a terminal's few lines.
std::string one_line(std::string_view what);

// What is noted at a layer of a runtime model under `key`, such as "layerType"; "" for nothing.
std::string runtime_info(const ov::Node& layer, const std::string& key);
// The parts of a list such as "conv1,relu1".
std::vector<std::string> split_at_commas(const std::string& text);

}  // namespace zp
