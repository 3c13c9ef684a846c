#include "zeropoint/numerics/exact_sum.h"

#include <bit>
#include <cmath>
#include <cstddef>

namespace zp {
namespace {

using Words = ExactSum::Words;
__extension__ using Uint128 = unsigned __int128;

enum class Sign { kPlus, kMinus };

// words +-= magnitude * 2^shift units. magnitude has at most 112 bits, so that with the shift
// inside a word it spreads over three words.
void accumulate(Words& words, Uint128 magnitude, int shift, Sign sign) {
  const auto first = static_cast<size_t>(shift / 64);
  const int inside = shift % 64;
  const auto low = static_cast<uint64_t>(magnitude);
  const auto high = static_cast<uint64_t>(magnitude >> 64);
  std::array<uint64_t, 3> term{low << inside, high << inside, 0};
  if (inside != 0) {
    term[1] |= low >> (64 - inside);
    term[2] = high >> (64 - inside);
  }
  uint64_t carry = 0;  // or borrow
  for (size_t i = first; i < words.size(); ++i) {
    const size_t offset = i - first;
    if (offset >= term.size() && carry == 0) break;
    const uint64_t add = offset < term.size() ? term[offset] : 0;
    const uint64_t word = words[i];
    if (sign == Sign::kPlus) {
      const uint64_t sum = word + add;
      words[i] = sum + carry;
      carry = (sum < word || words[i] < sum) ? 1 : 0;
    } else {
      const uint64_t difference = word - add;
      words[i] = difference - carry;
      carry = (word < add || difference < carry) ? 1 : 0;
    }
  }
}

// A finite float is mantissa * 2^(position - 149), subnormal or not.
struct Parts {
  uint64_t mantissa = 0;
  int position = 0;
  bool negative = false;
  bool finite = true;
};

Parts parts(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t exponent = (bits >> 23) & 0xff;
  const uint32_t fraction = bits & 0x7fffff;
  return {.mantissa = exponent == 0 ? fraction : fraction | 0x800000,
          .position = exponent == 0 ? 0 : static_cast<int>(exponent) - 1,
          .negative = (bits >> 31) != 0,
          .finite = exponent != 0xff};
}

Words negated(const Words& words) {
  Words result{};
  uint64_t carry = 1;
  for (size_t i = 0; i < words.size(); ++i) {
    result[i] = ~words[i] + carry;
    carry = (carry != 0 && result[i] == 0) ? 1 : 0;
  }
  return result;
}

// The 64 bits of words that end at bit `top`, where the bits below 0 are zero.
uint64_t bits_below(const Words& words, int top) {
  const int bottom = top - 63;
  if (bottom <= 0) return words[0] << -bottom;
  const auto word = static_cast<size_t>(bottom / 64);
  const int inside = bottom % 64;
  if (inside == 0) return words[word];
  return (words[word] >> inside) | (words[word + 1] << (64 - inside));
}

bool any_bit_below(const Words& words, int end) {
  for (int i = 0; i < end / 64; ++i) {
    if (words[static_cast<size_t>(i)] != 0) return true;
  }
  const int rest = end % 64;
  return rest > 0 && (words[static_cast<size_t>(end / 64)] << (64 - rest)) != 0;
}

}  // namespace

ExactSum ExactSum::from_words(const Words& words) {
  ExactSum sum;
  sum.words_ = words;
  return sum;
}

void ExactSum::add(float x, uint64_t times) {
  const Parts p = parts(x);
  if (!p.finite) return;
  accumulate(words_, Uint128{p.mantissa} * times, p.position + 149,
             p.negative ? Sign::kMinus : Sign::kPlus);
}

void ExactSum::add_square(float x, uint64_t times) {
  const Parts p = parts(x);
  if (!p.finite) return;
  accumulate(words_, Uint128{p.mantissa * p.mantissa} * times, 2 * p.position, Sign::kPlus);
}

void ExactSum::add_scaled(int64_t value, int exponent) {
  const auto bits = static_cast<uint64_t>(value);
  accumulate(words_, value < 0 ? ~bits + 1 : bits, exponent - kUnitExponent,
             value < 0 ? Sign::kMinus : Sign::kPlus);
}

void ExactSum::merge(const ExactSum& other) {
  uint64_t carry = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    const uint64_t sum = words_[i] + other.words_[i];
    const uint64_t total = sum + carry;
    carry = (sum < words_[i] || total < sum) ? 1 : 0;
    words_[i] = total;
  }
}

double ExactSum::value() const {
  const Words magnitude = is_negative() ? negated(words_) : words_;
  int top = -1;  // the highest bit that is set
  for (int i = kWords - 1; i >= 0 && top < 0; --i) {
    const uint64_t word = magnitude[static_cast<size_t>(i)];
    if (word != 0) top = 64 * i + 63 - std::countl_zero(word);
  }
  if (top < 0) return 0;

  // 64 leading bits are rounded to 53 here, so that the bits below them can decide a tie.
  const uint64_t leading = bits_below(magnitude, top);
  uint64_t mantissa = leading >> 11;
  const uint64_t rest = leading & 0x7ff;
  const bool above_half = rest > 0x400 || (rest == 0x400 && any_bit_below(magnitude, top - 63));
  if (above_half || (rest == 0x400 && (mantissa & 1) != 0)) ++mantissa;
  const double result = std::ldexp(static_cast<double>(mantissa), top - 52 + kUnitExponent);
  return is_negative() ? -result : result;
}

bool operator<(const ExactSum& a, const ExactSum& b) {
  if (a.is_negative() != b.is_negative()) return a.is_negative();
  for (size_t i = a.words_.size(); i-- > 0;) {
    if (a.words_[i] != b.words_[i]) return a.words_[i] < b.words_[i];
  }
  return false;
}

}  // namespace zp
