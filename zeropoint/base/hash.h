// XXH3, 128 bits: tells files, tensors and samples apart. Fast, but no protection against somebody
// who wants two contents to collide.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;  // of xxhash.h

namespace zp {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;

  // 32 lower-case digits, high first: what `xxhsum -H128` prints.
  std::string hex() const;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

// The hash of the bytes alone (seed 0), the same on every machine.
Hash128 hash_bytes(std::span<const std::byte> bytes);

// The same hash of bytes that come in pieces: how they are cut makes no difference.
class Hasher {
 public:
  Hasher();
  void update(std::span<const std::byte> bytes);
  // The hash of everything so far; more may follow.
  Hash128 digest() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace zp
