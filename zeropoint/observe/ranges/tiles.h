// A density over the real line, as far as an observer knows it.
#pragma once

#include <vector>

#include "zeropoint/observe/observer.h"

namespace zp {

// A stretch of the real line and the share of the values in it, spread evenly.
struct Tile {
  double low = 0;
  double high = 0;
  double mass = 0;
};

// The density of the finite values with a magnitude of at least `smallest` > 0, by ascending value;
// masses add up to 1. On each side of zero, the occupied buckets, or exact values, become tiles
// that reach halfway to their neighbours and so leave no gap between them; the last one ends at the
// exact extreme. So discrete values have a density too: each stands for the part of the line that
// is nearest to it.
//
// Buckets below `smallest` are left out, and the innermost tile ends where its bucket does; that of
// an exact value reaches halfway to zero. An outermost bucket of which the extreme leaves less than
// half is joined to its neighbour (or, alone, taken at full width): the many values at the limit of
// a Clip would otherwise be a tile of hardly any width.
std::vector<Tile> tiles(const Observer& observer, double smallest);

}  // namespace zp
