#include "zeropoint/observe/exact_values.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "zeropoint/kernels/min_max.h"

namespace zp {
namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kSlotsPerValue = 4;

}  // namespace

// The slot of the value, or the free one that it would take.
ExactValues::Slot& ExactValues::find(uint32_t bits) {
  // Both halves by a constant of their own: multiples of one step, as quantized data is, have
  // mantissas with a period, which one constant alone maps onto few slots.
  const size_t mask = slots_.size() - 1;
  const uint32_t hash = ((bits >> 16) * 0x9e3779b1u) ^ (bits * 0x85ebca6bu);
  size_t i = hash >> (32 - std::countr_zero(slots_.size()));
  while (slots_[i].bits != bits && slots_[i].bits != 0) i = (i + 1) & mask;
  return slots_[i];
}

void ExactValues::grow() {
  const std::vector<Slot> old =
      std::exchange(slots_, std::vector<Slot>(slots_.empty() ? kFirstSlots : 2 * slots_.size()));
  for (const Slot& slot : old) {
    if (slot.bits != 0) find(slot.bits) = slot;
  }
}

bool ExactValues::add(float value, uint64_t count) {
  if (count == 0) return true;
  if (slots_.empty()) grow();
  const auto bits = std::bit_cast<uint32_t>(value);
  Slot* slot = &find(bits);
  if (slot->bits == 0) {
    if (size_ == kMaxValues) return false;
    if (kSlotsPerValue * (size_ + 1) > slots_.size()) {
      grow();
      slot = &find(bits);
    }
    slot->bits = bits;
    ++size_;
  }
  slot->count += count;
  return true;
}

std::vector<ValueCount> ExactValues::sorted() const {
  std::vector<ValueCount> values;
  values.reserve(size_);
  for (const Slot& slot : slots_) {
    if (slot.bits != 0) values.push_back({std::bit_cast<float>(slot.bits), slot.count});
  }
  std::sort(values.begin(), values.end(), [](const ValueCount& a, const ValueCount& b) {
    return kernels::order_key(a.value) < kernels::order_key(b.value);
  });
  return values;
}

}  // namespace zp
