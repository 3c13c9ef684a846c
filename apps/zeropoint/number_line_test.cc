#include "apps/zeropoint/number_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "apps/zeropoint/test_requests.h"

namespace zp::app {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Explanation explanation_of(Range range, IntType type, const ParamOptions& options = {}) {
  return *explain({range, type, options, {}, {}});
}

// The rows of the picture.
enum Row : size_t { kRoles, kReals, kRealRuler, kCodeRuler, kCodes };

size_t marks_in(const std::string& ruler) {
  return static_cast<size_t>(std::count(ruler.begin(), ruler.end(), '|'));
}

TEST(NumberLine, IsAtMost80CharactersWide) {
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    for (const std::string& line : lines_of(number_line(*explanation))) {
      EXPECT_LE(line.size(), 80U) << describe(request) << "\n" << number_line(*explanation);
    }
  }
}

TEST(NumberLine, LabelsNeverRunIntoEachOther) {
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    const auto lines = lines_of(number_line(*explanation));
    // A ruler has a mark for each of its labels, and a label is one word.
    EXPECT_EQ(words_of(lines[kReals]).size(), marks_in(lines[kRealRuler]))
        << describe(request) << "\n"
        << number_line(*explanation);
    EXPECT_LE(words_of(lines[kCodes]).size(), marks_in(lines[kCodeRuler])) << describe(request);
    const auto codes = words_of(lines[kCodes]);
    EXPECT_TRUE(std::is_sorted(
        codes.begin(), codes.end(),
        [](const std::string& a, const std::string& b) { return std::stoll(a) < std::stoll(b); }))
        << number_line(*explanation);
  }
}

TEST(NumberLine, EveryCodeOfASmallTypeHasATick) {
  const auto lines = lines_of(number_line(explanation_of({-1, 2}, IntType::kInt4)));
  EXPECT_EQ(marks_in(lines[kCodeRuler]), 16U);
  EXPECT_EQ(words_of(lines[kCodes]).size(), 16U);
}

// [-1, 2] on 2 bits: one step is a third of the line, so 0 is a third from the left on both rulers.
TEST(NumberLine, EqualColumnsAreEqualReals) {
  const auto lines = lines_of(number_line(explanation_of({-1, 2}, IntType::kUint2)));
  const std::string& ruler = lines[kRealRuler];
  const size_t left = ruler.find('|');
  const size_t zero = ruler.find('|', left + 1);
  const size_t right = ruler.rfind('|');
  EXPECT_NEAR(static_cast<double>(zero - left), static_cast<double>(right - left) / 3, 1.0);
  EXPECT_EQ(lines[kCodeRuler][zero], '|');
}

// [40, 1000]: codes 0 to 10 carry nothing, and nothing else is dotted.
TEST(NumberLine, DotsAreTheWastedCodes) {
  const auto lines = lines_of(number_line(explanation_of({40, 1000}, IntType::kUint8)));
  EXPECT_EQ(words_of(lines[kCodes]), (std::vector<std::string>{"0", "10", "255"}));
  const std::string& ruler = lines[kCodeRuler];
  const size_t ten = ruler.find('|', ruler.find('|') + 1);
  EXPECT_LT(ruler.rfind('.'), ten);
  EXPECT_NE(ruler.find('.'), std::string::npos);
  EXPECT_EQ(ruler.find('-'), ten + 1);
}

// A given zero point has fewer codes below it than the affine scheme would give: codes above it are
// left over.
TEST(NumberLine, DotsMayBeAboveTheRange) {
  ParamOptions options;
  options.zero_point = 1;
  const auto lines = lines_of(number_line(explanation_of({-20, 1000}, IntType::kUint8, options)));
  // Scale 20, so 1000 is code 51.
  EXPECT_EQ(words_of(lines[kCodes]), (std::vector<std::string>{"0", "1", "51", "255"}));
  EXPECT_GT(lines[kCodeRuler].find('.'), lines[kRealRuler].rfind('|'));
}

}  // namespace
}  // namespace zp::app
