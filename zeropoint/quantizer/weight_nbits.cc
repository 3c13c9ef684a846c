#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/quantizer/nbits_codes.h"
#include "zeropoint/quantizer/weight_forms.h"

namespace zp {
namespace {

constexpr const char* kDomain = "com.microsoft";

bool is_gather(const WeightUse& use) { return use.role == WeightRole::kGather; }

class NBits {
 public:
  NBits(Model& model, UniqueNames& names, const PlannedWeight& planned,
        WeightOnlyOptions::Compute compute)
      : model_(model),
        names_(names),
        format_(planned.format),
        weight_(planned.weight),
        compute_(compute) {
    const auto& dims = weight_.tensor->dims();
    k_ = dims[static_cast<int>(format_.axis)];
    n_ = dims[static_cast<int>(1 - format_.axis)];
  }

  Result<WeightOnlyReport::Quantized> write() {
    ZP_RETURN_IF_ERROR(write_constants());
    for (const auto& use : weight_.uses) {
      report_.nodes.push_back(describe(*use.node));
      if (is_gather(use)) {
        ZP_RETURN_IF_ERROR(make_gather(*use.node));
      } else {
        make_matmul(use);
      }
    }
    return std::move(report_);
  }

 private:
  Status write_constants() {
    ZP_ASSIGN_OR_RETURN(const WeightSource source, weight_source(model_, *weight_.tensor));
    ZP_ASSIGN_OR_RETURN(NBitsWeight parts, quantize_nbits(source, format_));
    report_.bytes_after =
        parts.codes.bytes().size() + parts.scales.bytes().size() + parts.zero_points.bytes().size();
    const bool only_gathered = std::ranges::all_of(weight_.uses, is_gather);
    if (only_gathered) {
      ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({n_, row_bytes()}));
      ZP_ASSIGN_OR_RETURN(parts.codes,
                          std::move(parts.codes).viewed_as(DataType::kUint8, std::move(shape)));
    }
    ZP_ASSIGN_OR_RETURN(codes_, constant("_quantized", parts.codes));
    if (only_gathered) rows_ = codes_;
    ZP_ASSIGN_OR_RETURN(scales_, constant("_scale", parts.scales));
    if (parts.zero_points.size() > 0) {
      ZP_ASSIGN_OR_RETURN(zero_points_, constant("_zero_point", parts.zero_points));
    }
    return {};
  }

  Result<std::string> constant(std::string_view suffix, const Tensor& value) {
    return add_constant(model_, *weight_.graph, names_, weight_.name + std::string(suffix), value);
  }

  int64_t row_bytes() const { return k_ * format_.type.bits() / 8; }

  void become(onnx::NodeProto& node, const char* op, std::vector<std::string> inputs) const {
    if (!zero_points_.empty()) inputs.push_back(zero_points_);
    node.set_op_type(op);
    node.set_domain(kDomain);
    node.clear_input();
    for (auto& input : inputs) node.add_input(std::move(input));
    node.clear_attribute();
    set_attribute(node, "bits", int64_t{format_.type.bits()});
    set_attribute(node, "block_size", format_.block_size);
  }

  void make_matmul(const WeightUse& use) {
    auto& node = *use.node;
    const std::string left = node.input(0);
    const std::string bias =
        use.role == WeightRole::kGemmRight && node.input_size() > 2 ? node.input(2) : "";
    if (!bias.empty()) {
      const std::string output = node.output(0);
      const std::string product = names_(output + "_product");
      node.set_output(0, product);
      add_node(*use.graph, "Add", names_(output + "_bias"), {product, bias}, {output});
    }
    become(node, "MatMulNBits", {left, codes_, scales_});
    set_attribute(node, "K", k_);
    set_attribute(node, "N", n_);
    set_attribute(node, "accuracy_level",
                  int64_t{compute_ == WeightOnlyOptions::Compute::kInt8 ? 4 : 1});
  }

  // The codes as GatherBlockQuantized wants them: the same bytes with the blocks of a row joined.
  Result<std::string> rows() {
    if (!rows_.empty()) return rows_;
    const std::array<int64_t, 2> dims{n_, row_bytes()};
    ZP_ASSIGN_OR_RETURN(const Shape shape, Shape::make({2}));
    ZP_ASSIGN_OR_RETURN(const Tensor value, Tensor::of<int64_t>(shape, dims));
    ZP_ASSIGN_OR_RETURN(const std::string target, constant("_row_shape", value));
    rows_ = names_(weight_.name + "_rows");
    add_node(*weight_.graph, "Reshape", names_(weight_.name + "_reshape"), {codes_, target},
             {rows_});
    return rows_;
  }

  Status make_gather(onnx::NodeProto& node) {
    ZP_ASSIGN_OR_RETURN(const std::string table, rows());
    const std::string indices = node.input(1);
    become(node, "GatherBlockQuantized", {table, indices, scales_});
    set_attribute(node, "gather_axis", int64_t{0});
    set_attribute(node, "quantize_axis", int64_t{1});
    return {};
  }

  Model& model_;
  UniqueNames& names_;
  const WeightFormat& format_;
  const Weight& weight_;
  WeightOnlyOptions::Compute compute_;
  int64_t k_ = 0;  // summed over
  int64_t n_ = 0;  // output channels
  WeightOnlyReport::Quantized report_;
  std::string codes_;
  std::string scales_;
  std::string zero_points_;  // empty where there are none
  std::string rows_;
};

}  // namespace

Result<WeightOnlyReport::Quantized> write_nbits(Model& model, UniqueNames& names,
                                                const PlannedWeight& planned,
                                                WeightOnlyOptions::Compute compute) {
  return NBits(model, names, planned, compute).write();
}

}  // namespace zp
