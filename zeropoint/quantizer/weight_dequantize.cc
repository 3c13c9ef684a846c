#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/quantizer/weight_forms.h"

namespace zp {
namespace {

// One weight's codes in its graph, and the values that its readers then read.
class Dequantizer {
 public:
  Dequantizer(Model& model, UniqueNames& names, const PlannedWeight& planned)
      : model_(model),
        names_(names),
        planned_(planned),
        weight_(planned.weight),
        axis_(planned.format.axis) {}

  Result<WeightOnlyReport::Quantized> write() {
    ZP_ASSIGN_OR_RETURN(const WeightSource source, weight_source(model_, *weight_.tensor));
    {
      ZP_ASSIGN_OR_RETURN(QuantizedWeight parts, quantize_weight(source, planned_.format));
      has_zero_points_ = planned_.format.scheme == Scheme::kAffine;
      report_.bytes_after = parts.codes.bytes().size() + parts.scales.bytes().size() +
                            (has_zero_points_ ? parts.zero_points.bytes().size() : 0);
      if (planned_.as_columns) ZP_RETURN_IF_ERROR(write_as_columns(parts));
      ZP_ASSIGN_OR_RETURN(codes_, constant("_quantized", parts.codes));
      parts.codes = Tensor();
      scales_ = std::move(parts.scales);
      zero_points_ = std::move(parts.zero_points);
    }
    for (const auto& use : weight_.uses) {
      report_.nodes.push_back(describe(*use.node));
      if (gathers_codes(use, planned_)) {
        ZP_RETURN_IF_ERROR(gather_codes(use));
      } else {
        ZP_ASSIGN_OR_RETURN(const std::string value,
                            planned_.as_columns ? whole() : dequantized(use.permutation));
        use.node->set_input(use.input, value);
        if (planned_.as_columns) remove_attribute(*use.node, "transB");
      }
    }
    return std::move(report_);
  }

 private:
  Result<std::string> constant(std::string_view suffix, const Tensor& value) {
    return add_constant(model_, *weight_.graph, names_, weight_.name + std::string(suffix), value);
  }

  bool is_double() const { return weight_.tensor->data_type() == onnx::TensorProto::DOUBLE; }

  // A node in the weight's graph; returns its output.
  std::string node(std::string_view op, const std::string& suffix,
                   const std::vector<std::string>& inputs) {
    return node_in(*weight_.graph, op, weight_.name + suffix, inputs);
  }
  std::string node_in(onnx::GraphProto& graph, std::string_view op, const std::string& name,
                      const std::vector<std::string>& inputs) {
    const std::string output = names_(name);
    last_ = &add_node(graph, op, names_(output + "_node"), inputs, {output});
    return output;
  }

  // Codes and parameters of a matrix with its channels in rows, [N, K], as [K, N].
  Status write_as_columns(QuantizedWeight& parts) {
    ZP_ASSIGN_OR_RETURN(parts.codes, transposed_matrix(parts.codes));
    axis_ = 1 - axis_;
    if (planned_.format.granularity != Granularity::kPerBlock) return {};
    ZP_ASSIGN_OR_RETURN(parts.scales, transposed_matrix(parts.scales));
    ZP_ASSIGN_OR_RETURN(parts.zero_points, transposed_matrix(parts.zero_points));
    return {};
  }

  // The whole weight as real numbers.
  Result<std::string> whole() {
    if (!whole_.empty()) return whole_;
    std::vector<std::string> inputs{codes_};
    ZP_ASSIGN_OR_RETURN(inputs.emplace_back(), constant("_scale", scales_));
    if (has_zero_points_) {
      ZP_ASSIGN_OR_RETURN(inputs.emplace_back(), constant("_zero_point", zero_points_));
    }
    whole_ = node("DequantizeLinear", "_dequantized", inputs);
    set_attribute(*last_, "axis", axis_);
    if (planned_.format.block_size != 0) {
      set_attribute(*last_, "block_size", planned_.format.block_size);
    }
    if (is_double()) whole_ = to_double(*weight_.graph, whole_);
    return whole_;
  }

  // The same with its axes in this order.
  Result<std::string> dequantized(const std::vector<int64_t>& permutation) {
    ZP_ASSIGN_OR_RETURN(const std::string value, whole());
    if (std::ranges::is_sorted(permutation)) return value;
    auto& permuted = permuted_[permutation];
    if (permuted.empty()) {
      permuted = node("Transpose", "_transposed", {value});
      set_attribute(*last_, "perm", permutation);
    }
    return permuted;
  }

  std::string to_double(onnx::GraphProto& graph, const std::string& value) {
    std::string cast = node_in(graph, "Cast", value + "_double", {value});
    set_attribute(*last_, "to", int64_t{onnx::TensorProto::DOUBLE});
    return cast;
  }

  // Scales and zero points by row, so that Gather finds those of the codes that it finds.
  Status make_rows() {
    if (!row_scales_.empty()) return {};
    std::vector<int64_t> dims(static_cast<size_t>(weight_.tensor->dims_size()), 1);
    dims[0] = weight_.tensor->dims(0);
    dims[1] = scales_.size() / dims[0];
    ZP_ASSIGN_OR_RETURN(const Shape shape, Shape::make(std::move(dims)));
    ZP_ASSIGN_OR_RETURN(const Tensor scales, reshaped(scales_, shape));
    ZP_ASSIGN_OR_RETURN(row_scales_, constant("_row_scale", scales));
    if (!has_zero_points_) return {};
    ZP_ASSIGN_OR_RETURN(const Tensor zero_points, reshaped(zero_points_, shape));
    ZP_ASSIGN_OR_RETURN(row_zero_points_, constant("_row_zero_point", zero_points));
    return {};
  }

  static Result<Tensor> reshaped(const Tensor& tensor, const Shape& shape) {
    return Tensor::make(tensor.type(), shape, {tensor.bytes().begin(), tensor.bytes().end()});
  }

  // Gather looks up codes, scales and zero points, and what it found is dequantized behind it.
  Status gather_codes(const WeightUse& use) {
    ZP_RETURN_IF_ERROR(make_rows());
    auto& graph = *use.graph;
    const std::string output = use.node->output(0);
    const std::string indices = use.node->input(1);
    const auto look_up = [&](const std::string& table, const char* suffix) {
      return node_in(graph, "Gather", output + suffix, {table, indices});
    };
    const std::string codes = names_(output + "_codes");
    use.node->set_input(0, codes_);
    use.node->set_output(0, codes);
    const std::string scales = look_up(row_scales_, "_scale");
    const std::string zero_points =
        has_zero_points_ ? look_up(row_zero_points_, "_zero_point") : std::string();
    std::string real;
    if (planned_.format.granularity == Granularity::kPerBlock) {
      std::vector<std::string> inputs{codes, scales};
      if (has_zero_points_) inputs.push_back(zero_points);
      real = node_in(graph, "DequantizeLinear", output + "_dequantized", inputs);
      set_attribute(*last_, "axis", int64_t{-1});
      set_attribute(*last_, "block_size", planned_.format.block_size);
    } else {
      const auto cast = [&](const std::string& value) {
        std::string number = node_in(graph, "Cast", value + "_cast", {value});
        set_attribute(*last_, "to", static_cast<int64_t>(scales_.type()));
        return number;
      };
      real = cast(codes);
      if (has_zero_points_) {
        real = node_in(graph, "Sub", output + "_centered", {real, cast(zero_points)});
      }
      real = node_in(graph, "Mul", output + "_dequantized", {real, scales});
    }
    if (is_double()) real = to_double(graph, real);
    last_->set_output(0, output);
    return {};
  }

  Model& model_;
  UniqueNames& names_;
  const PlannedWeight& planned_;
  const Weight& weight_;
  WeightOnlyReport::Quantized report_;
  int64_t axis_;  // of the codes as they are written
  bool has_zero_points_ = false;
  Tensor scales_;
  Tensor zero_points_;
  std::string codes_;
  std::string row_scales_;
  std::string row_zero_points_;
  std::string whole_;
  std::map<std::vector<int64_t>, std::string> permuted_;  // whole_, by order of axes
  onnx::NodeProto* last_ = nullptr;                       // the node added last
};

}  // namespace

Result<std::string> add_constant(Model& model, onnx::GraphProto& graph, UniqueNames& names,
                                 std::string_view wanted, const Tensor& value) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(names(wanted));
  ZP_RETURN_IF_ERROR(model.write(tensor, value));
  return tensor.name();
}

Result<WeightOnlyReport::Quantized> write_dequantize(Model& model, UniqueNames& names,
                                                     const PlannedWeight& planned) {
  return Dequantizer(model, names, planned).write();
}

}  // namespace zp
