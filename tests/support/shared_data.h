// The models and data that lie beside the project (../shared), for tests that use them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace zp {

inline constexpr const char* kNoSharedData =
    "no ../shared beside the project (or $ZEROPOINT_SHARED): no real models";

// The path inside it, or nothing where it is not there.
inline std::optional<std::filesystem::path> shared_data(const std::filesystem::path& inside) {
  const char* chosen = std::getenv("ZEROPOINT_SHARED");
  const std::filesystem::path root = chosen ? chosen : ZP_SOURCE_DIR "/../shared";
  if (!std::filesystem::exists(root / inside)) return std::nullopt;
  return root / inside;
}

}  // namespace zp
