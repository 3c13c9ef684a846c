#include "zeropoint/report/text_table.h"

#include <gtest/gtest.h>

namespace zp {
namespace {

TEST(TextTable, AlignsItsColumns) {
  EXPECT_EQ(text_table({{Align::kLeft, 5}, {Align::kRight}, {Align::kLeft}},
                       {{"a", "1.5", "x"}, {"bcdefg", "20.25"}, {"", "3", "yz"}}),
            "a         1.5  x\n"
            "bcdefg  20.25\n"
            "            3  yz\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  EXPECT_EQ(text_table({{Align::kLeft}, {Align::kLeft}}, {{"é", "1"}, {"ab", "2"}}),
            "é   1\nab  2\n");
}

}  // namespace
}  // namespace zp
