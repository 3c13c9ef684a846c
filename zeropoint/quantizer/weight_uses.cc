#include "zeropoint/quantizer/weight_uses.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/data_type.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

using Names = std::unordered_set<std::string>;

// One place where a value is read.
struct Reader {
  onnx::NodeProto* node = nullptr;  // nullptr: the output of a body
  int input = 0;
};

// By name, everything that reads a value as a graph defines it, bodies of its nodes included.
using Readers = std::unordered_map<std::string, std::vector<Reader>>;

Names defined_names(const onnx::GraphProto& graph) {
  Names names;
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) names.insert(tensor.values().name());
  for (const auto& node : graph.node()) names.insert(node.output().begin(), node.output().end());
  return names;
}

// Adds what the nodes of `graph` and of the bodies in it read, but for `hidden` names, which a body
// on the way defines anew.
void collect_readers(onnx::GraphProto& graph, const Names& hidden, Readers& readers) {
  const auto body = [&](onnx::GraphProto& inner) {
    Names names = defined_names(inner);
    for (const auto& output : inner.output()) {
      if (!names.contains(output.name()) && !hidden.contains(output.name())) {
        readers[output.name()].push_back({});
      }
    }
    names.insert(hidden.begin(), hidden.end());
    collect_readers(inner, names, readers);
  };
  for (auto& node : *graph.mutable_node()) {
    for (int i = 0; i < node.input_size(); ++i) {
      const auto& name = node.input(i);
      if (!name.empty() && !hidden.contains(name)) readers[name].push_back({&node, i});
    }
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) body(*attribute.mutable_g());
      for (auto& inner : *attribute.mutable_graphs()) body(inner);
    }
  }
}

Readers all_readers(onnx::GraphProto& graph) {
  Readers readers;
  collect_readers(graph, {}, readers);
  return readers;
}

bool is_weight_type(int32_t type) {
  return type == onnx::TensorProto::FLOAT || type == onnx::TensorProto::DOUBLE ||
         type == onnx::TensorProto::FLOAT16 || type == onnx::TensorProto::BFLOAT16;
}

struct Axes {
  WeightRole role;
  int64_t channel;
  int64_t block;
};

// The axes of an input of this rank, where the node uses that input as a weight.
std::optional<Axes> weight_axes(const onnx::NodeProto& node, int input, int64_t rank) {
  const auto is = [&](const char* op) { return is_op(node, op); };
  if (is("MatMul") && rank >= 2) {
    return input == 1 ? Axes{WeightRole::kMatMulRight, rank - 1, rank - 2}
                      : Axes{WeightRole::kMatMulLeft, rank - 2, rank - 1};
  }
  if (is("Gemm") && rank == 2 && input < 2) {
    const bool transposed = int_attribute(node, input == 1 ? "transB" : "transA", 0) != 0;
    const bool channels_first = (input == 1) == transposed;
    const auto role = input == 1 ? WeightRole::kGemmRight : WeightRole::kGemmLeft;
    return channels_first ? Axes{role, 0, 1} : Axes{role, 1, 0};
  }
  if (is("Conv") && rank >= 3 && input == 1) return Axes{WeightRole::kConv, 0, 1};
  if (is("ConvTranspose") && rank >= 3 && input == 1) return Axes{WeightRole::kConv, 1, 0};
  if (is("Gather") && rank >= 2 && input == 0) {
    int64_t axis = int_attribute(node, "axis", 0);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) return std::nullopt;
    return Axes{WeightRole::kGather, axis, axis == rank - 1 ? rank - 2 : rank - 1};
  }
  if ((is("LSTM") || is("GRU") || is("RNN")) && rank == 3 && (input == 1 || input == 2)) {
    return Axes{WeightRole::kRecurrent, 1, 2};
  }
  return std::nullopt;
}

// What a Transpose or Identity node makes of a value that is seen through `permutation` so far.
std::optional<std::vector<int64_t>> through(const onnx::NodeProto& node,
                                            const std::vector<int64_t>& permutation) {
  if (is_op(node, "Identity")) return permutation;
  if (!is_op(node, "Transpose")) return std::nullopt;
  const auto rank = permutation.size();
  auto perm = ints_attribute(node, "perm");
  if (!perm) {
    perm.emplace(rank);
    std::iota(perm->rbegin(), perm->rend(), 0);
  }
  if (perm->size() != rank) return std::nullopt;
  std::vector<int64_t> seen;
  for (const int64_t axis : *perm) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank)) return std::nullopt;
    seen.push_back(permutation[static_cast<size_t>(axis)]);
  }
  return seen;
}

class Finder {
 public:
  explicit Finder(onnx::ModelProto& model) {
    for_each_graph(*model.mutable_graph(), [&](onnx::GraphProto& graph) { add_graph(graph); });
  }

  std::vector<Weight> find() {
    std::vector<Weight> found;
    for (auto* graph : graphs_) {
      for (auto& tensor : *graph->mutable_initializer()) {
        add_weight(*graph, tensor, nullptr, tensor.name(), found);
      }
      for (auto& node : *graph->mutable_node()) {
        if (!is_op(node, "Constant") || node.output_size() != 1) continue;
        for (auto& attribute : *node.mutable_attribute()) {
          if (!attribute.has_t()) continue;
          add_weight(*graph, *attribute.mutable_t(), &node, node.output(0), found);
        }
      }
    }
    return found;
  }

 private:
  void add_graph(onnx::GraphProto& graph) {
    graphs_.push_back(&graph);
    readers_.emplace(&graph, all_readers(graph));
    for (auto& node : *graph.mutable_node()) {
      number_.emplace(&node, number_.size());
      home_.emplace(&node, &graph);
    }
  }

  void add_weight(onnx::GraphProto& graph, onnx::TensorProto& tensor, onnx::NodeProto* constant,
                  const std::string& name, std::vector<Weight>& found) {
    if (!is_weight_type(tensor.data_type()) || name.empty()) return;
    const auto named = [&](const auto& value) { return value.name() == name; };
    if (std::ranges::any_of(graph.input(), named) || std::ranges::any_of(graph.output(), named)) {
      return;
    }
    Weight weight{&graph, &tensor, constant, name, {}, {}};
    std::vector<int64_t> identity(static_cast<size_t>(tensor.dims_size()));
    std::iota(identity.begin(), identity.end(), 0);
    follow(name, identity, weight);
    if (weight.uses.empty()) return;
    std::ranges::stable_sort(weight.uses, {}, [&](const WeightUse& use) {
      return std::pair(number_.at(use.node), use.input);
    });
    found.push_back(std::move(weight));
  }

  void follow(const std::string& name, const std::vector<int64_t>& permutation, Weight& weight) {
    const auto& readers = readers_.at(weight.graph);
    const auto found = readers.find(name);
    if (found == readers.end()) return;
    const auto rank = static_cast<int64_t>(permutation.size());
    for (const auto& [node, input] : found->second) {
      if (node == nullptr) continue;
      auto* home = home_.at(node);
      if (const auto axes = weight_axes(*node, input, rank)) {
        weight.uses.push_back({home, node, input, axes->role, permutation,
                               permutation[static_cast<size_t>(axes->channel)],
                               permutation[static_cast<size_t>(axes->block)]});
        continue;
      }
      if (home != weight.graph || node->output_size() != 1) continue;
      if (const auto next = through(*node, permutation)) {
        weight.between.push_back(node);
        follow(node->output(0), *next, weight);
      }
    }
  }

  std::vector<onnx::GraphProto*> graphs_;
  std::unordered_map<const onnx::GraphProto*, Readers> readers_;
  std::unordered_map<const onnx::NodeProto*, size_t> number_;  // in the order of the model
  std::unordered_map<const onnx::NodeProto*, onnx::GraphProto*> home_;
};

// Of the weights that this graph defines.
void remove_unread_of(onnx::GraphProto& graph, const std::vector<const Weight*>& weights) {
  const Readers readers = all_readers(graph);
  std::set<const onnx::NodeProto*> dead;
  const auto unread = [&](const std::string& name) {
    const auto is_it = [&](const auto& output) { return output.name() == name; };
    if (std::ranges::any_of(graph.output(), is_it)) return false;
    const auto found = readers.find(name);
    return found == readers.end() || std::ranges::all_of(found->second, [&](const Reader& reader) {
             return dead.contains(reader.node);
           });
  };
  std::set<std::string> gone;
  for (const auto* weight : weights) {
    for (auto node = weight->between.rbegin(); node != weight->between.rend(); ++node) {
      if (unread((*node)->output(0))) dead.insert(*node);
    }
    if (!unread(weight->name)) continue;
    gone.insert(weight->name);
    if (weight->constant != nullptr) dead.insert(weight->constant);
  }
  std::vector<int> numbers;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!dead.contains(&graph.node(i))) continue;
    gone.insert(graph.node(i).output(0));
    numbers.push_back(i);
  }
  remove_nodes(graph, numbers);
  const auto erase = [&](auto& field) {
    for (int i = field.size(); i-- > 0;) {
      if (gone.contains(field[i].name())) field.DeleteSubrange(i, 1);
    }
  };
  erase(*graph.mutable_initializer());
  erase(*graph.mutable_value_info());
}

}  // namespace

std::vector<Weight> find_weights(onnx::ModelProto& model) { return Finder(model).find(); }

Status remove_unread(onnx::GraphProto& graph, const std::vector<const Weight*>& weights) {
  std::vector<onnx::GraphProto*> graphs;
  for_each_graph(graph, [&](onnx::GraphProto& each) { graphs.push_back(&each); });
  // Bodies before what holds them: putting nodes in order moves them.
  for (auto each = graphs.rbegin(); each != graphs.rend(); ++each) {
    std::vector<const Weight*> own;
    std::ranges::copy_if(weights, std::back_inserter(own),
                         [&](const Weight* weight) { return weight->graph == *each; });
    if (!own.empty()) remove_unread_of(**each, own);
    ZP_RETURN_IF_ERROR(sort_nodes(**each));
  }
  return {};
}

}  // namespace zp
