// Sums of floats, and of squares of floats, without any rounding: the result depends neither on the
// order of the terms nor on how they were split and merged.
//
// The sum is one integer of 640 bits in two's complement, in units of 2^-298. That is the smallest
// square of a float32, (2^-149)^2, so every float32 and every square of one is a whole number of
// units. The largest square is below 2^256, that is 2^554 units; 2^63 of them stay below 2^617, so
// no sum of up to 2^63 terms overflows. Equal sums have equal words: the form is canonical.
#pragma once

#include <array>
#include <cstdint>

namespace zp {

class ExactSum {
 public:
  static constexpr int kUnitExponent = -298;
  static constexpr int kWords = 10;
  // Least significant first.
  using Words = std::array<uint64_t, kWords>;

  ExactSum() = default;
  // Any words are a sum; words() gives them back.
  static ExactSum from_words(const Words& words);
  const Words& words() const { return words_; }

  // times * x and times * x * x. x must be finite: NaN and the infinities add nothing, so count
  // them elsewhere.
  void add(float x, uint64_t times = 1);
  void add_square(float x, uint64_t times = 1);
  // value * 2^exponent, for exponents in [-298, 256].
  void add_scaled(int64_t value, int exponent);
  void merge(const ExactSum& other);

  // The nearest double, ties to even. It neither overflows nor is it ever subnormal.
  double value() const;
  bool is_negative() const { return static_cast<int64_t>(words_.back()) < 0; }

  friend bool operator==(const ExactSum&, const ExactSum&) = default;
  // a < b as numbers.
  friend bool operator<(const ExactSum& a, const ExactSum& b);

 private:
  Words words_{};
};

}  // namespace zp
