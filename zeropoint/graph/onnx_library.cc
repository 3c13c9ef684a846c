#include "zeropoint/graph/onnx_library.h"

#include <string_view>

namespace zp {

std::string onnx_reason(const std::exception& error) {
  std::string_view text = error.what();
  text = text.substr(0, text.find('\n'));
  // FILE:LINE: FUNCTION: Assertion `CONDITION` failed: TEXT
  constexpr std::string_view kBefore = "` failed: ";
  const auto assertion = text.find("Assertion `");
  const auto before = text.find(kBefore);
  if (assertion != std::string_view::npos && before != std::string_view::npos) {
    text.remove_prefix(before + kBefore.size());
  }
  return std::string(text);
}

}  // namespace zp
