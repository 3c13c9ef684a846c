// Some samples out of many, the same on every machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace zp {

// `count` different numbers of [0, total), ascending; all of them where count >= total.
//   without a seed  evenly spaced: floor(i * total / count) for i from 0 to count - 1
//   with one        at random, each set of that size equally likely: Knuth's selection sampling
//                   (The Art of Computer Programming 2, 3.4.2, algorithm S) over SplitMix64
//                   (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195) begun with the seed
// Requires 0 <= count and total < 2^31.
std::vector<int64_t> choose_samples(int64_t total, int64_t count, std::optional<uint64_t> seed);

}  // namespace zp
