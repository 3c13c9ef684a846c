// The density of tiles.h straight from the data, for tests and measurements to compare with.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "zeropoint/observe/ranges/tiles.h"

namespace zp {

// The density's definition, from the raw values: what tiles() gives without the observer's help.
// `bits`: buckets an octave, as a power of two.
inline std::vector<Tile> tiles_of_data(const std::vector<float>& x, double smallest, int bits) {
  std::set<float> different(x.begin(), x.end());
  different.erase(0.0f);
  const bool exact = different.size() <= 1024;
  double largest[2] = {0, 0};
  for (const float value : x) {
    double& side = largest[value < 0];
    side = std::max(side, std::abs(double{value}));
  }
  std::vector<Tile> tiles;
  for (const int side : {1, 0}) {
    // Lower end -> upper end and count.
    std::map<double, std::pair<double, double>> cells;
    for (const float value : x) {
      if (value == 0 || (value < 0) != (side == 1)) continue;
      const double m = std::abs(double{value});
      const int exponent = std::max(std::ilogb(m), -126);
      const double width = std::ldexp(1.0, exponent - bits);
      const double low = exact ? m : std::floor(m / width) * width;
      // A bucket ends at its last float.
      const double high = exact ? m : low + width - std::ldexp(1.0, exponent - 23);
      auto& cell = cells[low];
      cell.first = high;
      ++cell.second;
    }
    std::vector<Tile> own;
    for (const auto& [low, cell] : cells) {
      if (low < smallest) continue;
      double high = cell.first;
      const bool cut = !exact && largest[side] - low < (high - low) / 2;
      if (!cut || !own.empty()) high = std::min(high, largest[side]);
      if (own.empty()) {
        own.push_back({exact ? low / 2 : low, high, cell.second});
      } else if (cut) {
        own.back().high = high;
        own.back().mass += cell.second;
      } else {
        const double middle = (own.back().high + low) / 2;
        own.back().high = middle;
        own.push_back({middle, high, cell.second});
      }
    }
    for (const Tile& tile : own) {
      tiles.push_back(side == 0 ? tile : Tile{-tile.high, -tile.low, tile.mass});
    }
  }
  std::sort(tiles.begin(), tiles.end(), [](const Tile& a, const Tile& b) { return a.low < b.low; });
  double elements = 0;
  for (const Tile& tile : tiles) elements += tile.mass;
  for (Tile& tile : tiles) tile.mass /= elements;
  return tiles;
}

}  // namespace zp
