#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/load_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static_cast<void>(zp::load_and_prepare({reinterpret_cast<const char*>(data), size}));
  return 0;
}
