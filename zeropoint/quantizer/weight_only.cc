#include "zeropoint/quantizer/weight_only.h"

#include <fmt/format.h>
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/quantizer/weight_forms.h"
#include "zeropoint/quantizer/weight_only_plan.h"

namespace zp {
namespace {

// The first IR in which initializers need not be inputs, and the first with 4-bit types.
constexpr int64_t kFreeInitializersIr = 4;
constexpr int64_t kFourBitIr = 10;

// Moves what the model's operator set cannot say to those that stay float.
void leave_what_needs_more(int64_t opset, const std::string& model_name, WeightOnlyPlan& plan) {
  std::erase_if(plan.weights, [&](const PlannedWeight& planned) {
    const int64_t needed = required_opset(planned);
    if (needed <= opset) return false;
    plan.left.push_back(
        {planned.weight.name,
         fmt::format("DequantizeLinear for it needs version {} of the operator set; {} has {}",
                     needed, model_name, opset)});
    return true;
  });
}

}  // namespace

size_t WeightOnlyReport::bytes_before() const {
  size_t sum = 0;
  for (const auto& weight : quantized) sum += weight.bytes_before;
  return sum;
}

size_t WeightOnlyReport::bytes_after() const {
  size_t sum = 0;
  for (const auto& weight : quantized) sum += weight.bytes_after;
  return sum;
}

Result<int64_t> required_opset(const Model& model, const WeightOnlyOptions& options) {
  onnx::ModelProto skeleton = skeleton_of(model.proto());
  // Preparing makes these constants.
  std::set<std::string> initializers;
  for (const auto& tensor : skeleton.graph().initializer()) initializers.insert(tensor.name());
  auto& inputs = *skeleton.mutable_graph()->mutable_input();
  for (int i = inputs.size(); i-- > 0;) {
    if (initializers.contains(inputs[i].name())) inputs.DeleteSubrange(i, 1);
  }
  ZP_ASSIGN_OR_RETURN(const auto plan, plan_weights(skeleton, options));
  int64_t version = 0;
  for (const auto& planned : plan.weights) version = std::max(version, required_opset(planned));
  if (options.form == WeightForm::kMatMulNBits) return version;
  // Preparing may fold constants into weights that are not there yet.
  return std::max<int64_t>(version, options.bits == 4 || options.block_size != 0 ? 21 : 13);
}

Result<WeightOnlyReport> quantize_weights_only(Model& model, const WeightOnlyOptions& options,
                                               const ProgressCallback& progress) {
  ZP_ASSIGN_OR_RETURN(auto plan, plan_weights(model.proto(), options));
  leave_what_needs_more(opset_version(model.proto()), model.name(), plan);
  WeightOnlyReport report;
  report.left = std::move(plan.left);
  UniqueNames names(model.graph());
  int64_t ir = plan.weights.empty() ? 0 : kFreeInitializersIr;
  const auto total = static_cast<int64_t>(plan.weights.size());
  for (const auto& planned : plan.weights) {
    ZP_RETURN_IF_ERROR(report_progress(
        progress, {"quantizing weights", static_cast<int64_t>(report.quantized.size()), total}));
    const bool nbits = planned.form == WeightForm::kMatMulNBits;
    ZP_ASSIGN_OR_RETURN(auto written, nbits ? write_nbits(model, names, planned, options.compute)
                                            : write_dequantize(model, names, planned));
    const auto& tensor = *planned.weight.tensor;
    written.name = planned.weight.name;
    written.form = planned.form;
    written.type = planned.format.type;
    written.block_size = planned.format.block_size;
    written.note = planned.note;
    written.elements = 1;
    for (const int64_t dim : tensor.dims()) written.elements *= dim;
    written.bytes_before = static_cast<size_t>(written.elements) *
                           static_cast<size_t>(bits(static_cast<DataType>(tensor.data_type()))) / 8;
    report.quantized.push_back(std::move(written));
    if (nbits && opset_version(model.proto(), "com.microsoft") == 0) {
      set_opset_version(model.proto(), "com.microsoft", 1);
    }
    if (!nbits && planned.format.type.bits() == 4) ir = kFourBitIr;
  }
  ZP_RETURN_IF_ERROR(report_progress(progress, {"quantizing weights", total, total}));

  std::vector<const Weight*> weights;
  for (const auto& planned : plan.weights) weights.push_back(&planned.weight);
  ZP_RETURN_IF_ERROR(remove_unread(model.graph(), weights));
  model.proto().set_ir_version(std::max(model.proto().ir_version(), ir));
  return report;
}

}  // namespace zp
