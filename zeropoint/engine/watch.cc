#include "zeropoint/engine/watch.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <openvino/op/constant.hpp>
#include <openvino/op/op.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/transpose.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "zeropoint/engine/compiled_variants.h"
#include "zeropoint/engine/openvino_text.h"

namespace zp {
namespace {

class Watch : public ov::op::Op {
 public:
  OPENVINO_OP("Watch", "zeropoint")

  Watch() = default;
  Watch(const ov::OutputVector& value_and_request, size_t number, AxisOrder order,
        std::shared_ptr<WatchBoard> board)
      : Op(value_and_request), number_(number), order_(order), board_(std::move(board)) {
    constructor_validate_and_infer_types();
  }

  void validate_and_infer_types() override {
    set_output_type(0, ov::element::u8, ov::PartialShape{1});
  }
  std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override {
    return std::make_shared<Watch>(inputs, number_, order_, board_);
  }
  // Says that two of them are not the same.
  bool visit_attributes(ov::AttributeVisitor& visitor) override {
    visitor.on_attribute("number", number_);
    return true;
  }
  bool has_evaluate() const override { return true; }
  bool evaluate(ov::TensorVector& /*outputs*/, const ov::TensorVector& inputs) const override {
    auto view = view_of(inputs[0], order_);
    if (!view) return false;
    board_->show(static_cast<size_t>(*inputs[1].data<const int32_t>()), number_, *view);
    return true;
  }

 private:
  size_t number_ = 0;
  AxisOrder order_ = AxisOrder::kAsInModel;
  std::shared_ptr<WatchBoard> board_;
};

bool is_one_of(const ov::Node& node, std::span<const std::string_view> types) {
  return std::ranges::find(types, std::string_view(node.get_type_name())) != types.end();
}

// The nodes whose values OpenVINO computes with the channels last: convolutions and pooling, and
// what keeps the order of their values. Watching such a value in the model's order would cost a
// reordering of all of it, as long as a light layer takes; a Transpose of it is no work.
std::unordered_set<const ov::Node*> nodes_with_channels_last(const ov::Model& model) {
  constexpr std::array<std::string_view, 5> kBegin{"Convolution", "GroupConvolution",
                                                   "ConvolutionBackpropData",
                                                   "GroupConvolutionBackpropData", "MaxPool"};
  constexpr std::array<std::string_view, 6> kEnd{"Reshape",   "Transpose", "Squeeze",
                                                 "Unsqueeze", "ShapeOf",   "MatMul"};
  std::unordered_set<const ov::Node*> found;
  for (const auto& node : model.get_ordered_ops()) {
    const auto& inputs = node->input_values();
    const bool begins = is_one_of(*node, kBegin);
    const bool goes_on =
        !is_one_of(*node, kEnd) && std::ranges::any_of(inputs, [&](const auto& input) {
          return found.contains(input.get_node()) && node->get_output_size() > 0 &&
                 input.get_partial_shape().rank().compatible(
                     node->get_output_partial_shape(0).rank());
        });
    if (begins || goes_on) found.insert(node.get());
  }
  return found;
}

ov::Output<ov::Node> with_channels_last(const ov::Output<ov::Node>& value) {
  std::vector<int64_t> order(value.get_partial_shape().size());
  std::iota(order.begin() + 1, order.end() - 1, int64_t{2});
  order.back() = 1;
  return std::make_shared<ov::op::v1::Transpose>(
      value, ov::op::v0::Constant::create(ov::element::i64, {order.size()}, order));
}

}  // namespace

void WatchBoard::show(size_t request, size_t value, const OutputView& view) {
  Watching& watching = watching_[request];
  if (watching.watcher && watching.status) watching.status = (*watching.watcher)(value, view);
}

void add_watches(ov::Model& model,
                 const std::vector<std::pair<std::string, ov::Output<ov::Node>>>& values,
                 const std::shared_ptr<WatchBoard>& board) {
  const auto request = std::make_shared<ov::op::v0::Parameter>(ov::element::i32, ov::Shape{1});
  // With open dimensions a Transpose is work.
  const auto channels_last = runs_with_fixed_shapes(model) ? nodes_with_channels_last(model)
                                                           : std::unordered_set<const ov::Node*>();
  ov::ResultVector results;
  for (const auto& [name, value] : values) {
    const ov::Rank rank = value.get_partial_shape().rank();
    const bool last =
        rank.is_static() && rank.get_length() >= 3 && channels_last.contains(value.get_node());
    const ov::OutputVector inputs{last ? with_channels_last(value) : value, request};
    const auto watch = std::make_shared<Watch>(
        inputs, results.size(), last ? AxisOrder::kChannelsLast : AxisOrder::kAsInModel, board);
    results.push_back(std::make_shared<ov::op::v0::Result>(watch));
  }
  model.add_parameters({request});
  model.add_results(results);
}

}  // namespace zp
