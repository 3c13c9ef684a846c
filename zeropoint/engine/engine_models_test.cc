// The engine on the real models beside the project.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include "tests/support/shared_data.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/graph/model.h"

namespace zp {
namespace {

// One batch of normally distributed values, and of small indices for integers.
std::vector<NamedTensor> sample_for(const Engine& engine, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<NamedTensor> inputs;
  for (const EngineValue& input : engine.inputs()) {
    std::vector<int64_t> dims = *input.dims;
    std::ranges::replace(dims, -1, 2);
    Tensor tensor = Tensor::zeros(input.type, Shape::make(dims).value()).value();
    if (input.type == DataType::kFloat) {
      for (float& value : tensor.as<float>()) value = normal(random);
    } else if (input.type == DataType::kInt64) {
      for (int64_t& value : tensor.as<int64_t>()) value = static_cast<int64_t>(random() % 100);
    }
    inputs.push_back({input.name, std::move(tensor)});
  }
  return inputs;
}

std::vector<std::byte> all_bytes(const RunOutputs& run) {
  std::vector<std::byte> bytes;
  for (const auto* views : {&run.outputs, &run.extra}) {
    for (const OutputView& view : *views) {
      bytes.insert(bytes.end(), view.bytes.begin(), view.bytes.end());
    }
  }
  return bytes;
}

std::vector<std::string> node_outputs(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const Model model = Model::load(path).value();
  for (const onnx::NodeProto& node : model.graph().node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) names.push_back(output);
    }
  }
  return names;
}

TEST(EngineOnRealModels, AllCompile) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() != ".onnx") continue;
    const auto engine = Engine::compile({.path = file.path()}, {});
    ASSERT_TRUE(engine) << engine.error().message;
  }
}

TEST(EngineOnRealModels, EveryValueCanBeLookedAtAndTheOutputsStay) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  // squeezenet has a Dropout, nnsplit an LSTM with outputs that nothing uses.
  for (const char* name :
       {"squeezenet1.1_fp32", "nnsplit_en", "vit_ibp_3_3_8", "resnet20_cifar10"}) {
    SCOPED_TRACE(name);
    const auto path = *folder / (std::string(name) + ".onnx");
    const std::vector<std::string> names = node_outputs(path);
    auto plain = Engine::compile({.path = path}, {}).value();
    auto engine = Engine::compile({.path = path}, {.extra_outputs = names});
    ASSERT_TRUE(engine) << engine.error().message;
    const auto inputs = sample_for(plain, 1);
    const RunOutputs expected = plain.run(0, inputs).value();
    const auto run = engine->run(0, inputs);
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_EQ(run->extra.size(), names.size());
    for (const OutputView& view : run->extra) EXPECT_GT(view.bytes.size(), 0U);
    for (size_t i = 0; i < expected.outputs.size(); ++i) {
      const auto want = expected.outputs[i].as<float>();
      const auto got = run->outputs[i].as<float>();
      ASSERT_EQ(got.size(), want.size());
      float largest = 0;
      for (const float value : want) largest = std::max(largest, std::abs(value));
      for (size_t j = 0; j < want.size(); ++j) ASSERT_NEAR(got[j], want[j], 1e-5F * largest);
    }
  }
}

TEST(EngineOnRealModels, WatchedValuesAreThoseHandedOut) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  for (const char* name : {"squeezenet1.1_fp32", "nnsplit_en", "vit_ibp_3_3_8"}) {
    SCOPED_TRACE(name);
    const auto path = *folder / (std::string(name) + ".onnx");
    const std::vector<std::string> names = node_outputs(path);
    auto expected = Engine::compile({.path = path}, {.extra_outputs = names}).value();
    auto engine = Engine::compile({.path = path}, {.watched = names}).value();
    const auto inputs = sample_for(engine, 1);
    const RunOutputs outputs = expected.run(0, inputs).value();
    size_t seen = 0;
    const auto run = engine.run(0, inputs, [&](size_t i, const OutputView& view) {
      ++seen;
      if (view.type != DataType::kFloat) return Status();
      std::vector<float> want(outputs.extra[i].as<float>().begin(),
                              outputs.extra[i].as<float>().end());
      std::vector<float> got(view.as<float>().begin(), view.as<float>().end());
      EXPECT_EQ(got.size(), want.size());
      std::ranges::sort(want);  // the order is tested elsewhere
      std::ranges::sort(got);
      for (size_t j = 0; j < got.size(); j += 97) {
        EXPECT_NEAR(got[j], want[j], 1e-4F * std::max(std::abs(want.front()), want.back()))
            << names[i];
      }
      return Status();
    });
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(seen, names.size());
  }
}

TEST(EngineOnRealModels, ResultsAreTheSameBitsForAnyNumberOfRequests) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  constexpr int kSamples = 6;
  for (const char* name : {"mobilenet_v1_0.25_224", "vit_ibp_3_3_8", "stories260K"}) {
    SCOPED_TRACE(name);
    const auto path = *folder / (std::string(name) + ".onnx");
    const std::vector<std::string> names = node_outputs(path);
    std::vector<std::vector<std::byte>> expected;
    for (const int requests : {1, 2, 3}) {
      auto engine =
          Engine::compile({.path = path}, {.requests = requests, .extra_outputs = names}).value();
      std::vector<std::vector<std::byte>> results(kSamples);
      std::vector<std::thread> threads;
      for (int request = 0; request < requests; ++request) {
        threads.emplace_back([&, request] {
          for (int i = request; i < kSamples; i += requests) {
            const auto inputs = sample_for(engine, static_cast<unsigned>(i));
            const auto run = engine.run(request, inputs);
            if (run) results[static_cast<size_t>(i)] = all_bytes(*run);
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      if (requests == 1) expected = results;
      EXPECT_FALSE(results[0].empty());
      EXPECT_TRUE(results == expected) << requests << " requests";
    }
  }
}

}  // namespace
}  // namespace zp
