#include "zeropoint/graph/edit.h"

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

bool defines(const onnx::GraphProto& graph, const std::string& name) {
  const auto named = [&](const auto& value) { return value.name() == name; };
  return std::ranges::any_of(graph.input(), named) ||
         std::ranges::any_of(graph.initializer(), named) ||
         std::ranges::any_of(graph.node(), [&](const auto& node) {
           return std::ranges::find(node.output(), name) != node.output().end();
         });
}

void replace_in_body(onnx::GraphProto& body, const std::string& from, const std::string& to);

void replace_in_nodes(onnx::GraphProto& graph, const std::string& from, const std::string& to) {
  for (auto& node : *graph.mutable_node()) {
    for (auto& input : *node.mutable_input()) {
      if (input == from) input = to;
    }
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) replace_in_body(*attribute.mutable_g(), from, to);
      for (auto& body : *attribute.mutable_graphs()) replace_in_body(body, from, to);
    }
  }
}

void replace_in_body(onnx::GraphProto& body, const std::string& from, const std::string& to) {
  if (defines(body, from)) return;  // it hides the outer value
  replace_in_nodes(body, from, to);
  for (auto& output : *body.mutable_output()) {
    if (output.name() == from) output.set_name(to);
  }
}

template <class Field, class Keep>
bool erase_unless(Field& field, const Keep& keep) {
  int kept = 0;
  for (int i = 0; i < field.size(); ++i) {
    if (!keep(field[i])) continue;
    if (i != kept) field.SwapElements(i, kept);
    ++kept;
  }
  const bool erased = kept != field.size();
  field.DeleteSubrange(kept, field.size() - kept);
  return erased;
}

}  // namespace

std::string describe(const onnx::NodeProto& node) {
  if (!node.name().empty()) return fmt::format("{} node \"{}\"", node.op_type(), node.name());
  return fmt::format("{} node that makes \"{}\"", node.op_type(),
                     node.output_size() > 0 ? node.output(0) : "");
}

Result<std::vector<int>> topological_order(const onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  const auto count = static_cast<size_t>(graph.node_size());
  std::vector<int> waiting(count);
  std::vector<std::vector<int>> readers(count);
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto wait_for = [&](const std::string& value) {
      const int maker = index.producer(value);
      if (maker < 0) return;
      ++waiting[static_cast<size_t>(i)];
      readers[static_cast<size_t>(maker)].push_back(i);
    };
    for (const auto& input : graph.node(i).input()) wait_for(input);
    for (const auto& value : captured_values(graph.node(i))) wait_for(value);
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (waiting[static_cast<size_t>(i)] == 0) ready.push(i);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const int reader : readers[static_cast<size_t>(next)]) {
      if (--waiting[static_cast<size_t>(reader)] == 0) ready.push(reader);
    }
  }
  if (order.size() != count) {
    const auto stuck = std::ranges::find_if(waiting, [](int n) { return n > 0; });
    return invalid_data(
        fmt::format("{} waits for its own output: the graph has a cycle",
                    describe(graph.node(static_cast<int>(stuck - waiting.begin())))));
  }
  return order;
}

Status sort_nodes(onnx::GraphProto& graph) {
  ZP_ASSIGN_OR_RETURN(const auto order, topological_order(graph));
  if (std::ranges::is_sorted(order)) return {};
  google::protobuf::RepeatedPtrField<onnx::NodeProto> sorted;
  sorted.Reserve(graph.node_size());
  for (const int i : order) sorted.Add()->Swap(graph.mutable_node(i));
  graph.mutable_node()->Swap(&sorted);
  return {};
}

void replace_uses(onnx::GraphProto& graph, const std::string& from, const std::string& to) {
  replace_in_nodes(graph, from, to);
}

void remove_nodes(onnx::GraphProto& graph, const std::vector<int>& nodes) {
  std::vector<bool> remove(static_cast<size_t>(graph.node_size()));
  for (const int node : nodes) remove[static_cast<size_t>(node)] = true;
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!remove[static_cast<size_t>(i)]) kept.Add()->Swap(graph.mutable_node(i));
  }
  graph.mutable_node()->Swap(&kept);
}

void remove_unused(onnx::GraphProto& graph) {
  bool again = true;
  while (again) {
    std::unordered_set<std::string> read;
    for (const auto& output : graph.output()) read.insert(output.name());
    // An initializer that is an input too is its default value: without it the input is required.
    for (const auto& input : graph.input()) read.insert(input.name());
    for (const auto& node : graph.node()) {
      read.insert(node.input().begin(), node.input().end());
      for (auto& name : captured_values(node)) read.insert(std::move(name));
    }
    again = erase_unless(*graph.mutable_node(), [&](const onnx::NodeProto& node) {
      return std::ranges::any_of(node.output(), [&](const auto& output) {
        return !output.empty() && read.contains(output);
      });
    });
    if (again) continue;
    erase_unless(*graph.mutable_initializer(),
                 [&](const auto& tensor) { return read.contains(tensor.name()); });
    std::unordered_set<std::string> made;
    for (const auto& node : graph.node()) made.insert(node.output().begin(), node.output().end());
    erase_unless(*graph.mutable_value_info(),
                 [&](const auto& value) { return made.contains(value.name()); });
  }
}

UniqueNames::UniqueNames(const onnx::GraphProto& graph) {
  for_each_graph(graph, [&](const onnx::GraphProto& g) {
    for (const auto& input : g.input()) taken_.insert(input.name());
    for (const auto& output : g.output()) taken_.insert(output.name());
    for (const auto& tensor : g.initializer()) taken_.insert(tensor.name());
    for (const auto& tensor : g.sparse_initializer()) taken_.insert(tensor.values().name());
    for (const auto& value : g.value_info()) taken_.insert(value.name());
    for (const auto& node : g.node()) {
      taken_.insert(node.name());
      taken_.insert(node.input().begin(), node.input().end());
      taken_.insert(node.output().begin(), node.output().end());
    }
  });
}

std::string UniqueNames::operator()(std::string_view wanted) {
  std::string name(wanted);
  for (int i = 1; !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, std::string_view op_type, std::string name,
                          const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs) {
  auto& node = *graph.add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(std::move(name));
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  return node;
}

int64_t opset_version(const onnx::ModelProto& model, std::string_view domain) {
  const auto same = [](std::string_view a, std::string_view b) {
    const auto plain = [](std::string_view d) { return d == "ai.onnx" ? std::string_view() : d; };
    return plain(a) == plain(b);
  };
  for (const auto& opset : model.opset_import()) {
    if (same(opset.domain(), domain)) return opset.version();
  }
  return 0;
}

void set_opset_version(onnx::ModelProto& model, std::string_view domain, int64_t version) {
  for (auto& opset : *model.mutable_opset_import()) {
    if (opset.domain() == domain || (domain.empty() && opset.domain() == "ai.onnx")) {
      opset.set_version(version);
      return;
    }
  }
  auto& opset = *model.add_opset_import();
  opset.set_domain(std::string(domain));
  opset.set_version(version);
}

bool is_op(const onnx::NodeProto& node, std::string_view op_type) {
  return node.op_type() == op_type && (node.domain().empty() || node.domain() == "ai.onnx");
}

}  // namespace zp
