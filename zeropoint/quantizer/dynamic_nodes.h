// The nodes that dynamic quantization puts in place of a float one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/quantizer/dynamic.h"
#include "zeropoint/quantizer/dynamic_codes.h"
#include "zeropoint/quantizer/weight_uses.h"

namespace zp {

// A node's weight: what it is and how the node uses it.
struct NodeWeight {
  const Weight* weight = nullptr;
  const WeightUse* use = nullptr;
};

// Rewrites nodes in place, one after the other, and remembers what they can share: codes of a
// weight, and a value's DynamicQuantizeLinear. Nodes are not in order afterwards.
class DynamicWriter {
 public:
  DynamicWriter(Model& model, UniqueNames& names, const DynamicOptions& options)
      : model_(model), names_(names), options_(options) {}

  // A MatMul or Gemm whose weight is on the right: a matrix, or for MatMul a batch of them.
  Status write_matmul(const NodeWeight& right);
  Status write_conv(const NodeWeight& filters);
  Status write_lstm(const NodeWeight& input, const NodeWeight& recurrence);

  size_t bytes_written() const { return bytes_; }

 private:
  struct Codes {
    std::string codes;
    std::string zero_point;  // [] and for LSTM [directions]
    std::vector<float> scales;
  };
  struct Activation {
    std::string codes, scale, zero_point;
  };

  // The weight's codes as [K, N] (MatMul) or as they are stored (Conv), in its own graph.
  Result<const Codes*> matrix(const NodeWeight& right);
  Result<const Codes*> filters(const NodeWeight& of);
  Result<Codes> add_codes(const Weight& weight, const DynamicWeight& quantized,
                          const Tensor& codes);
  // LSTM's codes [directions, K, 4 hidden], their scales and zero points, as inputs of the node.
  struct Recurrent {
    std::string codes, scales, zero_points;
  };
  Result<Recurrent> recurrent(const NodeWeight& of);

  const Activation& activation(onnx::GraphProto& graph, const std::string& value);
  // Behind a node that gives int32: makes `output` of it, in reals.
  Status scale_sums(onnx::GraphProto& graph, const std::string& sums,
                    const std::string& input_scale, const std::vector<float>& scales,
                    const std::vector<int64_t>& scales_dims, const std::string& output);
  Result<std::string> constant(onnx::GraphProto& graph, const std::string& name,
                               const Tensor& value);

  Model& model_;
  UniqueNames& names_;
  const DynamicOptions& options_;
  size_t bytes_ = 0;
  std::map<std::pair<const Weight*, bool>, Codes> codes_;  // bool: swapped
  std::map<std::pair<const onnx::GraphProto*, std::string>, Activation> activations_;
};

}  // namespace zp
