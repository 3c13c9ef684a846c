// Observers as bytes: the same observer always gives the same bytes, and equal data gives equal
// observers.
//
// Version 2. Integers are little-endian, floats are their IEEE bits, nothing is padded.
//
//   8 bytes        "ZPOBSERV"
//   u32            version
//   u32            kind: 0 exact values, 1 octaves
//   u64            length of all the bytes, checksum included
//   extremes       of all elements: u64 elements, NaN, +infinity, -infinity; f32 minimum, maximum
//   statistics     of the elements looked at closely: u64 elements, NaN, +infinity, -infinity,
//                  zeros, negative zeros; f32 minimum, maximum, smallest magnitude; sum and sum of
//                  squares, 10 u64 each (ExactSum::words)
//   u64            number of channels, and the statistics of each
//   u64            number of values or octaves, and each of them ascending:
//                    value   f32 value, u64 count
//                    octave  u16 number as in kernels/histogram.h, 128 u64 counts
//   16 bytes       XXH3-128 of all before, high half first
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/observe/observer.h"

namespace zp {

inline constexpr uint32_t kObserverVersion = 2;

std::vector<std::byte> serialize(const Observer& observer);

// The observer that serialize() gave the bytes of. Refused, with an error of code kInvalidData
// that says which: what does not begin as an observer does; another version; bytes cut off or
// added; a wrong checksum; contents that no data could have given (observer_check.h). Memory is
// only taken for what the bytes really hold.
Result<Observer> parse_observer(std::span<const std::byte> bytes);

}  // namespace zp
