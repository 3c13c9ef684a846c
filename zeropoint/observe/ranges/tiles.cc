#include "zeropoint/observe/ranges/tiles.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace zp {
namespace {

// The lower end that the bucket of a positive float has before it is cut at an extreme, and its
// width.
double full_low(double x) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(static_cast<float>(x)) & 0xffff0000);
}
double full_width(double x) {
  const double high = std::bit_cast<float>(std::bit_cast<uint32_t>(static_cast<float>(x)) | 0xffff);
  return high - full_low(x);
}

// The tiles of one side, as magnitudes. buckets: ascending, at least one.
std::vector<Tile> tiles_of_side(const std::vector<Bucket>& buckets, bool exact) {
  std::vector<Tile> tiles;
  for (const Bucket& bucket : buckets) {
    const auto mass = static_cast<double>(bucket.count);
    const bool cut = !exact && bucket.high - bucket.low < full_width(bucket.high) / 2;
    if (tiles.empty()) {
      const double low = exact ? bucket.low / 2 : full_low(bucket.low);
      tiles.push_back({low, cut ? low + full_width(bucket.high) : bucket.high, mass});
    } else if (cut) {  // by the extreme: any other one would be the first
      tiles.back().high = bucket.high;
      tiles.back().mass += mass;
    } else {
      const double middle = tiles.back().high + (bucket.low - tiles.back().high) / 2;
      tiles.back().high = middle;
      tiles.push_back({middle, bucket.high, mass});
    }
  }
  return tiles;
}

}  // namespace

std::vector<Tile> tiles(const Observer& observer, double smallest) {
  std::vector<Bucket> negative;
  std::vector<Bucket> positive;
  double elements = 0;
  for (const Bucket& bucket : observer.buckets()) {
    const bool below_zero = bucket.high < 0;
    const Bucket magnitude = below_zero ? Bucket{-bucket.high, -bucket.low, bucket.count} : bucket;
    if (magnitude.low < smallest) continue;
    (below_zero ? negative : positive).push_back(magnitude);
    elements += static_cast<double>(bucket.count);
  }
  std::reverse(negative.begin(), negative.end());

  const bool exact = observer.distribution().is_exact();
  std::vector<Tile> tiles = tiles_of_side(negative, exact);
  std::reverse(tiles.begin(), tiles.end());
  for (Tile& tile : tiles) tile = {-tile.high, -tile.low, tile.mass};
  for (const Tile& tile : tiles_of_side(positive, exact)) tiles.push_back(tile);
  for (Tile& tile : tiles) tile.mass /= elements;
  return tiles;
}

}  // namespace zp
