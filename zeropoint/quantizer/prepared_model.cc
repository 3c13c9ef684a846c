#include "zeropoint/quantizer/prepared_model.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <system_error>

#include "zeropoint/graph/check.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/visit.h"
#include "zeropoint/passes/rescale_channels.h"
#include "zeropoint/passes/use_quick_gelu.h"

namespace zp {
namespace {

constexpr std::array<std::string_view, 12> kQuantizedOps{
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv",
    "QLinearMatMul",  "MatMulInteger",    "ConvInteger",           "MatMulNBits",
    "QGemm",          "QLinearAdd",       "FakeQuantize",          "DynamicQuantizeLSTM"};

}  // namespace

std::string quantized_node(const onnx::ModelProto& model) {
  std::string found;
  for_each_graph(model.graph(), [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) {
      if (!found.empty()) return;
      if (std::ranges::find(kQuantizedOps, node.op_type()) != kQuantizedOps.end()) {
        found = describe(node);
      }
    }
  });
  return found;
}

Result<size_t> size_on_disk(const Model& model, const std::filesystem::path& path) {
  std::set<std::filesystem::path> files{path};
  for_each_tensor(model.proto(), [&](const onnx::TensorProto& tensor) {
    if (!is_external(tensor)) return;
    if (const auto data = ExternalData::of(tensor)) files.insert(model.folder() / data->location);
  });
  size_t size = 0;
  for (const auto& file : files) {
    std::error_code error;
    size += std::filesystem::file_size(file, error);
    if (error) return fail(ErrorCode::kIo, fmt::format("{}: {}", file.string(), error.message()));
  }
  return size;
}

Result<PreparedModel> prepare_model(const std::filesystem::path& path,
                                    const PrepareOptions& options) {
  ZP_ASSIGN_OR_RETURN(Model model, Model::load(path));
  const auto here = [&](Error error) {
    return tl::unexpected<Error>(std::move(error).at(path.string()));
  };
  if (const Status sound = check_structure(model.proto()); !sound) return here(sound.error());
  if (const std::string node = quantized_node(model.proto()); !node.empty()) {
    return here(
        {ErrorCode::kInvalidData, "it is quantized already (" + node + "); give the float model"});
  }
  ZP_RETURN_IF_ERROR(check_with_onnx(model));
  ZP_ASSIGN_OR_RETURN(const Hash128 source_hash, model.hash());
  ZP_ASSIGN_OR_RETURN(const size_t source_size, size_on_disk(model, path));
  auto report = prepare(model, options);
  if (!report) return here(report.error());
  ZP_ASSIGN_OR_RETURN(ValueInfos values, infer_values(model));
  ZP_ASSIGN_OR_RETURN(const Hash128 hash, model.hash());
  return PreparedModel{std::move(model), std::move(values), *std::move(report), source_hash, hash,
                       source_size};
}

Result<PreparedModel> rewritten(const PreparedModel& prepared, const Rewrites& rewrites) {
  Model model = prepared.model.copy();
  ZP_RETURN_IF_ERROR(use_quick_gelu(model, rewrites.quick_gelu));
  ZP_RETURN_IF_ERROR(rescale_channels(model, prepared.values, rewrites.channel_scales));
  ZP_ASSIGN_OR_RETURN(ValueInfos values, infer_values(model));
  ZP_ASSIGN_OR_RETURN(const Hash128 hash, model.hash());
  return PreparedModel{
      std::move(model),    std::move(values), prepared.report, prepared.source_hash, hash,
      prepared.source_size};
}

}  // namespace zp
