// A model's main graph in the form in which the rules of fusion_onnxruntime.cc and
// fusion_openvino.cc rewrite it: nodes and names alone, without weights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// What a QuantizeLinear or DequantizeLinear does.
struct Quantizer {
  DataType type = DataType::kUndefined;  // of the codes
  // Scales and zero points that depend on an input of the model are not constant, and then unknown.
  bool is_constant = false;
  std::vector<float> scales;         // one: per tensor
  std::vector<int32_t> zero_points;  // as many, or none where the node has no such input
  int64_t axis = 1;
  int64_t block_size = 0;

  bool is_scalar() const { return is_constant && scales.size() == 1; }
  bool has_zero_point() const { return !zero_points.empty(); }
  // Of a scalar one.
  int32_t zero_point() const { return zero_points.empty() ? 0 : zero_points[0]; }
  bool is_zero_point_0() const;

  friend bool operator==(const Quantizer&, const Quantizer&) = default;
};

// The lowest and highest code of a type of at most 16 bits.
std::pair<int32_t, int32_t> code_limits(DataType type);
bool is_8_bit(DataType type);

struct FusionNode {
  // Numbers in the model's main graph of the nodes that it stands for; none for one that the
  // runtime inserts.
  std::vector<int> sources;
  std::string op;  // with the domain in front where it is not ONNX's own: "com.microsoft.QGemm"
  const onnx::NodeProto* proto = nullptr;  // for attributes; null for an inserted node
  std::vector<std::string> inputs;         // "" for an optional one that is left out
  std::vector<std::string> outputs;
  std::shared_ptr<const Quantizer> quantizer;  // of QuantizeLinear and DequantizeLinear
  // Of a Clip whose limits are constant.
  std::optional<std::pair<float, float>> clip_limits;
  bool removed = false;

  bool is(std::string_view op_type) const { return op == op_type; }
  bool is_quantize() const { return quantizer && is("QuantizeLinear"); }
  bool is_dequantize() const { return quantizer && is("DequantizeLinear"); }
};

// Input number `input` of node number `node`.
struct FusionUse {
  int node = 0;
  int input = 0;
};

class FusionGraph {
 public:
  // `model` must outlive it.
  static Result<FusionGraph> of(const Model& model);

  const std::vector<FusionNode>& nodes() const { return nodes_; }
  const FusionNode& node(int number) const { return nodes_[static_cast<size_t>(number)]; }
  int64_t opset() const { return opset_; }

  // The number of the node that makes the value, or -1.
  int producer(const std::string& value) const;
  // The producer where it is a DequantizeLinear or QuantizeLinear, or nullptr.
  const FusionNode* dequantize_of(const std::string& value) const;
  const FusionNode* quantize_of(const std::string& value) const;
  // In no particular order; readers in bodies of If, Loop and Scan have input -1.
  const std::vector<FusionUse>& readers(const std::string& value) const;
  // Where only one node of the graph reads the value, and nobody outside, that use of it.
  std::optional<FusionUse> only_use(const std::string& value) const;
  bool is_output(const std::string& value) const { return outputs_.contains(value); }
  // Whether it is known when the model is loaded: an initializer, or computed from such.
  bool is_constant(const std::string& value) const { return constants_.contains(value); }
  // The elements of a constant of floats that stands in the model; nothing where there is none.
  std::optional<std::vector<float>> floats(const std::string& value) const;
  // Unknown types count as floats.
  bool is_float(const std::string& value) const;
  // Nothing where the rank is not known.
  std::optional<std::vector<int64_t>> dims(const std::string& value) const;
  DataType type(const std::string& value) const;

  // Numbers of nodes so that each stands after those whose values it reads; nodes that were added
  // or removed later are not heeded.
  const std::vector<int>& order() const { return order_; }

  // Edits. Numbers of nodes stay what they were.
  int add_node(FusionNode node);
  // A node of one output that stands for none of the model's.
  int add_inserted(std::string op, std::vector<std::string> inputs, std::string output,
                   std::shared_ptr<const Quantizer> quantizer = nullptr);
  void remove_node(int number);
  void set_input(int number, int input, const std::string& value);
  void set_output(int number, int output, const std::string& value);
  void set_quantizer(int number, Quantizer quantizer);
  void set_sources(int number, std::vector<int> sources);
  // Takes a node out whose first output is its first input. Returns false, and changes nothing,
  // where that cannot be: both are seen from outside of the graph, or a body reads the output.
  bool drop(int number);
  // A name that no value has; the shape and type that it stands for are those of `like`.
  std::string new_value(const std::string& like = "");
  void set_constant(const std::string& value) { constants_.insert(value); }

 private:
  FusionGraph() = default;
  void find_constants();

  const Model* model_ = nullptr;
  std::vector<FusionNode> nodes_;
  std::vector<int> order_;
  ValueInfos infos_;
  int64_t opset_ = 0;
  int new_values_ = 0;
  std::unordered_map<std::string, int> producers_;
  std::unordered_map<std::string, std::vector<FusionUse>> readers_;
  std::unordered_set<std::string> outputs_;
  std::unordered_set<std::string> constants_;
};

}  // namespace zp
