#include "zeropoint/engine/openvino_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zp {
namespace {

constexpr std::array kTypes{
    std::pair{DataType::kFloat, ov::element::Type_t::f32},
    std::pair{DataType::kUint8, ov::element::Type_t::u8},
    std::pair{DataType::kInt8, ov::element::Type_t::i8},
    std::pair{DataType::kUint16, ov::element::Type_t::u16},
    std::pair{DataType::kInt16, ov::element::Type_t::i16},
    std::pair{DataType::kInt32, ov::element::Type_t::i32},
    std::pair{DataType::kInt64, ov::element::Type_t::i64},
    std::pair{DataType::kBool, ov::element::Type_t::boolean},
    std::pair{DataType::kFloat16, ov::element::Type_t::f16},
    std::pair{DataType::kDouble, ov::element::Type_t::f64},
    std::pair{DataType::kUint32, ov::element::Type_t::u32},
    std::pair{DataType::kUint64, ov::element::Type_t::u64},
    std::pair{DataType::kBfloat16, ov::element::Type_t::bf16},
    std::pair{DataType::kString, ov::element::Type_t::string},
};

// Lines that say where in OpenVINO's sources something failed, or that it failed at all.
bool is_frame(std::string_view line) {
  constexpr std::array<std::string_view, 5> kFrames{"Exception from ", "Check '",
                                                    "FrontEnd API failed with ",
                                                    "Summary:", "To facilitate the conversion"};
  return std::ranges::any_of(kFrames,
                             [&](std::string_view frame) { return line.starts_with(frame); });
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t begin = line.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

DataType to_data_type(const ov::element::Type& type) {
  const auto* found = std::ranges::find(kTypes, static_cast<ov::element::Type_t>(type),
                                        &decltype(kTypes)::value_type::second);
  return found == kTypes.end() ? DataType::kUndefined : found->first;
}

ov::element::Type to_openvino(DataType type) {
  const auto* found = std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::first);
  return found == kTypes.end() ? ov::element::dynamic : ov::element::Type(found->second);
}

Result<OutputView> view_of(const ov::Tensor& tensor, AxisOrder order) {
  const ov::Shape dims = tensor.get_shape();
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({dims.begin(), dims.end()}));
  OutputView view{.type = to_data_type(tensor.get_element_type()),
                  .order = order,
                  .shape = std::move(shape),
                  .bytes = {}};
  if (tensor.get_size() != 0) {
    view.bytes = {static_cast<const std::byte*>(tensor.data()), tensor.get_byte_size()};
  }
  return view;
}

std::string one_line(std::string_view what) {
  constexpr size_t kMost = 400;
  std::string text;
  std::string_view last_frame = "no reason given";
  while (!what.empty()) {
    const size_t end = std::min(what.find('\n'), what.size());
    const std::string_view line = trimmed(what.substr(0, end));
    what.remove_prefix(std::min(end + 1, what.size()));
    if (line.empty()) continue;
    if (is_frame(line)) {
      last_frame = line;
      continue;
    }
    if (!text.empty()) text += ' ';
    text += line;
  }
  if (text.empty()) text = last_frame;
  if (text.size() > kMost) text = text.substr(0, kMost) + " ...";
  return text;
}

std::string runtime_info(const ov::Node& layer, const std::string& key) {
  const auto found = layer.get_rt_info().find(key);
  return found == layer.get_rt_info().end() ? "" : found->second.as<std::string>();
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace zp
