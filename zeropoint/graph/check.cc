#include "zeropoint/graph/check.h"

#include <fmt/format.h>
#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "zeropoint/base/atomic_file.h"
#include "zeropoint/base/scratch_folder.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

using Names = std::unordered_set<std::string>;

Status check_graph(const onnx::GraphProto& graph, const Names& around) {
  Names known = around;
  for (const auto& input : graph.input()) known.insert(input.name());
  for (const auto& tensor : graph.initializer()) known.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) known.insert(tensor.values().name());
  std::unordered_map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) {
      if (output.empty()) continue;
      const auto [other, fresh] = makers.emplace(output, &node);
      if (!fresh) {
        return invalid_data(fmt::format("value \"{}\" is made twice, by {} and by {}", output,
                                        describe(*other->second), describe(node)));
      }
      known.insert(output);
    }
  }
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) {
      if (input.empty() || known.contains(input)) continue;
      return invalid_data(
          fmt::format("{} reads \"{}\", which nothing makes", describe(node), input));
    }
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) ZP_RETURN_IF_ERROR(check_graph(attribute.g(), known));
      for (const auto& body : attribute.graphs()) ZP_RETURN_IF_ERROR(check_graph(body, known));
    }
  }
  for (const auto& output : graph.output()) {
    if (!known.contains(output.name())) {
      return invalid_data(fmt::format("output \"{}\" is made by nothing", output.name()));
    }
  }
  return topological_order(graph).map([](const auto&) {});
}

bool has_shape(const onnx::ValueInfoProto& value) {
  return !value.type().has_tensor_type() || value.type().tensor_type().has_shape();
}

// What the checker may look into to infer shapes is smaller.
constexpr int64_t kMostShapeElements = 256;

// A copy whose external data, which may be spilled or large, is all said to lie in the file `data`.
Result<onnx::ModelProto> with_data_in(const Model& model, const onnx::ModelProto& proto,
                                      const std::string& data) {
  onnx::ModelProto copy = proto;
  Status status;
  for_each_tensor(copy, [&](onnx::TensorProto& tensor) {
    if (!status || !is_external(tensor)) return;
    const auto shape = shape_of(tensor);
    if (!shape || shape->element_count() > kMostShapeElements) {
      return ExternalData{data, 0, 0}.write_to(tensor);
    }
    auto value = model.read(tensor);
    if (value) {
      put_in_message(tensor, *value);
    } else {
      status = tl::unexpected<Error>(std::move(value).error());
    }
  });
  ZP_RETURN_IF_ERROR(status);
  return copy;
}

// The checker wants the files of external data to exist, beside the model's own file. It gets both,
// the data without content.
Status check_files(const Model& model, const onnx::ModelProto& proto) {
  ZP_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::create());
  ZP_ASSIGN_OR_RETURN(const onnx::ModelProto copy, with_data_in(model, proto, "data"));
  ZP_RETURN_IF_ERROR(write_file(folder.path() / "data", {}));
  const auto path = folder.path() / "model.onnx";
  std::string bytes;
  if (!copy.SerializeToString(&bytes)) return invalid_data("larger than one message may be (2 GB)");
  ZP_RETURN_IF_ERROR(write_file(path, std::as_bytes(std::span(bytes))));
  onnx::checker::check_model(path.string(), /*full_check=*/true);
  return {};
}

}  // namespace

Status check_structure(const onnx::ModelProto& model) { return check_graph(model.graph(), {}); }

Status check_with_onnx(const Model& model) {
  const onnx::ModelProto* checked = &model.proto();
  // The checker asks for the rank of every output. Runtimes do not, and not every rank is known.
  onnx::ModelProto described;
  if (!std::ranges::all_of(model.graph().output(), has_shape)) {
    described = model.proto();
    google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> outputs;
    for (const auto& output : model.graph().output()) {
      if (has_shape(output)) *outputs.Add() = output;
    }
    described.mutable_graph()->mutable_output()->Swap(&outputs);
    checked = &described;
  }
  try {
    if (model.has_external_data()) {
      if (auto status = check_files(model, *checked); !status) {
        return tl::unexpected<Error>(std::move(status).error().at(model.name()));
      }
    } else {
      onnx::checker::check_model(*checked, /*full_check=*/true);
    }
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("{}: ONNX's checker: {}", model.name(), onnx_reason(error)));
  }
  return {};
}

}  // namespace zp
