// Conv, ConvTranspose, Gemm and MatMul: what of them can be computed in integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/targets/target.h"

namespace zp {

// Whether the node is one of them.
bool is_weighted(const onnx::NodeProto& node);

// Why the node stays in float, in a few words; nothing where it can be quantized: data in float32
// that are no constant, weights (and bias) that are constants, and factors that int32 sums allow.
std::optional<std::string> why_not_weighted(const onnx::NodeProto& node, const GraphIndex& index,
                                            const ValueInfos& values, const Target& target);

// The axis of the weight along which each output channel has its own scale.
int64_t output_axis(const onnx::NodeProto& node);
// The axis of the data input that the weight's input channels run along, counted from its end where
// negative.
int64_t data_channel_axis(const onnx::NodeProto& node);

// Nodes whose values a Log turns into the network's actual input (a spectrogram computed inside the
// graph), one flag a node: all before a Log, where at least half of the weighted nodes come after.
std::vector<bool> nodes_before_log(const onnx::GraphProto& graph, const GraphIndex& index);

}  // namespace zp
