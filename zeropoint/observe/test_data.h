// Data that the tests of this layer observe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace zp {

struct Sample {
  std::string name;
  std::vector<float> values;
};

// `count` values of each kind of distribution that tensors have: smooth, one-sided, heavy-tailed,
// with outliers, discrete, constant. A smaller count still gives every kind.
inline std::vector<Sample> sample_distributions(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  const auto laplace = [&] {
    const double u = uniform(random) - 0.5;
    return (u < 0 ? 1 : -1) * std::log(1 - 2 * std::abs(u) + 1e-300);
  };
  const auto make = [&](std::string name, auto draw) {
    Sample sample{std::move(name), {}};
    sample.values.resize(count);
    for (float& value : sample.values) value = static_cast<float>(draw());
    return sample;
  };
  return {
      make("normal", [&] { return normal(random); }),
      make("laplace", laplace),
      make("uniform", [&] { return 3 * uniform(random) - 1; }),
      make("log-normal", [&] { return std::exp(normal(random)); }),
      make("bimodal with outliers",
           [&] {
             if (uniform(random) < 1e-4) return 300 * normal(random);
             return normal(random) * 0.3 + (uniform(random) < 0.3 ? -4 : 2);
           }),
      make("relu", [&] { return std::max(normal(random), 0.0); }),
      make("relu6", [&] { return std::clamp(4 * normal(random), 0.0, 6.0); }),
      make("softmax", [&] { return std::exp(-30 * uniform(random)); }),
      make("integers", [&] { return std::round(20 * normal(random)); }),
      make("k / 255", [&] { return std::floor(256 * uniform(random)) / 255; }),
      make("wide integers", [&] { return std::round(4000 * normal(random)); }),
      make("constant", [&] { return 2.7; }),
  };
}

}  // namespace zp
