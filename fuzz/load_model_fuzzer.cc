#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>

#include "fuzz/load_model.h"
#include "fuzz/mutate_model.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static_cast<void>(zp::load_and_prepare({reinterpret_cast<const char*>(data), size}));
  return 0;
}

// Mostly changes of the model, sometimes of its bytes.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most,
                                          unsigned int seed) {
  std::minstd_rand random(seed);
  onnx::ModelProto model;
  if (random() % 5 == 0 || !model.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, most);
  }
  for (auto changes = 1 + random() % 3; changes > 0; --changes) zp::mutate_model(model, random);
  const size_t mutated = model.ByteSizeLong();
  if (mutated > most || !model.SerializeToArray(data, static_cast<int>(mutated))) {
    return LLVMFuzzerMutate(data, size, most);
  }
  return mutated;
}
