// How often each value occurred, kept one by one while there are few of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zp {

struct ValueCount {
  float value = 0;
  uint64_t count = 0;

  friend bool operator==(const ValueCount&, const ValueCount&) = default;
};

// A multiset of finite floats other than zero, with at most kMaxValues different ones. At most
// 64 KB.
class ExactValues {
 public:
  static constexpr size_t kMaxValues = 1024;

  // Whether the value could be added. false, and nothing changed, where it would be one value more
  // than kMaxValues. value is finite and not zero.
  [[nodiscard]] bool add(float value, uint64_t count = 1);
  // The number of different values.
  size_t size() const { return size_; }
  // By ascending value.
  std::vector<ValueCount> sorted() const;

 private:
  // An open-addressing hash table, at most a quarter full. Zero is no value, so its bits mark what
  // is free.
  struct Slot {
    uint32_t bits = 0;
    uint64_t count = 0;
  };
  Slot& find(uint32_t bits);
  void grow();

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

}  // namespace zp
